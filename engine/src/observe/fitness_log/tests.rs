use std::fs;

use tempfile::TempDir;

use super::*;

/// Values of a generation: different lengths, the empty one among them.
fn values(generation: Generation) -> Vec<f32> {
    (0..(generation + 2) % 4).map(|member| generation as f32 - 0.5 * member as f32).collect()
}

fn show(log: &mut FitnessLog, generation: Generation) -> Result<(), ObserverError> {
    log.on_fitness(generation, &Fitness::new(values(generation), None))
}

/// A log of so many generations, and the length of the file after header and each record.
fn written(generations: u32) -> (TempDir, PathBuf, Vec<usize>) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("fitness.bin");
    let mut log = FitnessLog::create(&path).expect("made");
    let length = || fs::read(&path).expect("readable").len();
    let mut ends = vec![length()];
    for generation in 0..generations {
        show(&mut log, generation).expect("written");
        ends.push(length());
    }
    (folder, path, ends)
}

type Read = Result<Vec<(Generation, Vec<f32>)>, FitnessLogError>;

/// All records, and whether the last was torn.
fn read_all(path: &Path) -> (Read, bool) {
    let mut records = match read(path) {
        Ok(records) => records,
        Err(error) => return (Err(error), false),
    };
    let all = records.by_ref().collect();
    (all, records.torn())
}

fn first(generations: u32) -> Vec<(Generation, Vec<f32>)> {
    (0..generations).map(|g| (g, values(g))).collect()
}

fn resume_error(path: &Path, generation: Generation) -> String {
    FitnessLog::resume(path, generation).expect_err("refused").to_string()
}

#[test]
fn what_is_written_is_read_back() {
    let (_folder, path, ends) = written(6);
    let mut records = read(&path).expect("a log");
    assert_eq!(records.bytes(), ends[6] as u64);
    let all: Vec<_> = records.by_ref().map(|record| record.expect("good")).collect();
    assert_eq!(all, first(6));
    assert!(!records.torn());
    assert_eq!(records.good_bytes(), records.bytes());
}

#[test]
fn the_bytes_are_as_documented() {
    let (_folder, path, _) = written(1);
    let bytes = fs::read(&path).expect("readable");
    let mut wanted = b"HATCHFL\0\x01\0\0\0\0\0\0\0\x02\0\0\0".to_vec();
    wanted.extend(0.0f32.to_le_bytes());
    wanted.extend((-0.5f32).to_le_bytes());
    wanted.extend(crc32fast::hash(&wanted[12..]).to_le_bytes());
    assert_eq!(bytes, wanted);
}

#[test]
fn a_torn_tail_of_any_length_is_dropped_and_told() {
    let (_folder, path, ends) = written(4);
    let bytes = fs::read(&path).expect("readable");
    for length in 0..=bytes.len() {
        fs::write(&path, &bytes[..length]).expect("cut");
        let whole = ends.iter().filter(|&&end| end <= length).count().saturating_sub(1) as u32;
        let (records, torn) = read_all(&path);
        assert_eq!(records.expect("good as far as it goes"), first(whole), "{length} bytes");
        assert_eq!(torn, !ends.contains(&length), "{length} bytes");
        let mut log = FitnessLog::resume(&path, whole).expect("goes on");
        (whole..4).for_each(|generation| show(&mut log, generation).expect("written"));
        assert_eq!(fs::read(&path).expect("readable"), bytes, "{length} bytes");
    }
}

#[test]
fn every_flipped_bit_is_detected_or_tears_the_tail() {
    let (_folder, path, _) = written(4);
    let good = fs::read(&path).expect("readable");
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, bytes).expect("damaged");
        let (records, torn) = read_all(&path);
        match records {
            Err(error) => assert!(error.to_string().contains("fitness.bin"), "{error}"),
            Ok(records) => {
                assert!(torn, "bit {bit}");
                assert_eq!(records, first(records.len() as u32), "bit {bit}");
            }
        }
        assert!(FitnessLog::resume(&path, 4).is_err(), "bit {bit}");
    }
}

#[test]
fn a_count_beyond_the_file_is_torn_and_not_allocated() {
    let (_folder, path, ends) = written(2);
    let mut bytes = fs::read(&path).expect("readable");
    bytes[ends[1] + 4..ends[1] + 8].fill(0xff);
    fs::write(&path, bytes).expect("damaged");
    let (records, torn) = read_all(&path);
    assert_eq!(records.expect("one record"), first(1));
    assert!(torn);
}

#[test]
fn a_foreign_file_is_refused_and_left_alone() {
    let (_folder, path, _) = written(0);
    let text = "{\"generation\":0,\"best\":1.0}\n";
    fs::write(&path, text).expect("another file");
    assert!(matches!(read(&path), Err(FitnessLogError::Foreign { .. })));
    let told = resume_error(&path, 0);
    assert!(told.contains("fitness.bin is no fitness log"), "{told}");
    assert_eq!(fs::read_to_string(&path).expect("readable"), text);
}

#[test]
fn a_newer_format_is_named() {
    let (_folder, path, _) = written(1);
    let mut bytes = fs::read(&path).expect("readable");
    bytes[8] = 2;
    fs::write(&path, bytes).expect("changed");
    let error = read(&path).expect_err("newer");
    assert!(matches!(error, FitnessLogError::Newer { found: 2, supported: 1, .. }), "{error}");
}

#[test]
fn a_damaged_record_is_numbered_and_ends_the_reading() {
    let (_folder, path, ends) = written(4);
    let mut bytes = fs::read(&path).expect("readable");
    bytes[ends[3] - 1] ^= 1;
    fs::write(&path, bytes).expect("damaged");
    let mut records = read(&path).expect("a log");
    assert_eq!(records.by_ref().take(2).filter(Result::is_ok).count(), 2);
    let error = records.next().expect("a third").expect_err("damaged");
    assert!(matches!(error, FitnessLogError::Checksum { record: 2, .. }), "{error}");
    assert!(records.next().is_none() && !records.torn());
}

#[test]
fn generations_that_do_not_follow_each_other_are_refused() {
    let (_folder, path, ends) = written(3);
    let mut bytes = fs::read(&path).expect("readable");
    bytes.drain(ends[1]..ends[2]);
    fs::write(&path, bytes).expect("one record less");
    let error = read_all(&path).0.expect_err("a gap");
    let wanted = matches!(error, FitnessLogError::Order { record: 1, expected: 1, found: 2, .. });
    assert!(wanted, "{error}");
    let mut log = FitnessLog::create(&path).expect("made");
    assert!(show(&mut log, 1).is_err(), "a log begins with generation 0");
}

#[test]
fn resuming_keeps_only_earlier_records() {
    let (_folder, path, ends) = written(6);
    let mut log = FitnessLog::resume(&path, 4).expect("resumed");
    assert_eq!(fs::read(&path).expect("readable").len(), ends[4]);
    show(&mut log, 4).expect("written");
    assert_eq!(read_all(&path).0.expect("good"), first(5));
}

#[test]
fn damage_after_the_checkpoint_does_not_matter() {
    let (_folder, path, ends) = written(6);
    let mut bytes = fs::read(&path).expect("readable");
    bytes[ends[4] + 1] ^= 1;
    fs::write(&path, bytes).expect("damaged");
    FitnessLog::resume(&path, 4).expect("resumed");
    assert_eq!(read_all(&path).0.expect("good"), first(4));
}

#[test]
fn a_log_that_lacks_earlier_generations_is_refused() {
    let (_folder, path, ends) = written(3);
    let told = resume_error(&path, 5);
    assert!(told.contains("ends before record 3") && told.contains("generation 5"), "{told}");
    assert_eq!(fs::read(&path).expect("readable").len(), ends[3]);
    fs::remove_file(&path).expect("removed");
    let told = resume_error(&path, 0);
    assert!(told.contains("fitness.bin") && !path.exists(), "{told}");
}

#[test]
fn every_nan_is_written_as_the_canonical_one() {
    let (_folder, path, _) = written(0);
    let mut log = FitnessLog::create(&path).expect("made");
    let odd = [0x7f80_0001, 0xffc0_0000, 0xffff_ffff, 0x7fc0_0000].map(f32::from_bits);
    let fitness = Fitness { values: odd.to_vec(), failures: 4, first_error: None };
    log.on_fitness(0, &fitness).expect("written");
    let bytes = fs::read(&path).expect("readable");
    let values = &bytes[HEADER_BYTES + HEAD_BYTES..bytes.len() - CRC_BYTES];
    assert_eq!(values, [0, 0, 0xc0, 0x7f].repeat(4));
    let records = read_all(&path).0.expect("good");
    assert!(records[0].1.iter().all(|value| value.to_bits() == CANONICAL_NAN));
}

#[test]
fn a_removed_file_is_noticed() {
    let (_folder, path, _) = written(0);
    let mut log = FitnessLog::create(&path).expect("made");
    fs::remove_file(&path).expect("removed");
    let error = show(&mut log, 0).expect_err("noticed");
    assert!(matches!(error, ObserverError::Removed { .. }), "{error}");
}
