use proptest::prelude::*;

use super::*;

type State = Vec<f32>;

fn checkpoint(generation: u32, state: State) -> Checkpoint<State> {
    let progress = Progress { generation, evaluations: 7, best: Some(-0.5), ..Progress::default() };
    Checkpoint { config: "seed = 1\n".into(), progress, state }
}

fn store() -> (tempfile::TempDir, CheckpointStore) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let store = CheckpointStore::new(folder.path(), 2);
    (folder, store)
}

#[test]
fn only_the_last_k_are_kept() {
    let (folder, store) = store();
    for generation in 0..5 {
        store.save(&checkpoint(generation, vec![1.0])).expect("written");
    }
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .expect("listed")
        .map(|e| e.expect("entry").file_name().into_string().expect("utf-8"))
        .collect();
    names.sort();
    assert_eq!(names, ["gen-000000003.ckpt", "gen-000000004.ckpt"]);
    let loaded = store.latest::<State>().expect("read");
    assert_eq!(loaded.checkpoint.progress.generation, 4);
    assert!(loaded.faults.is_empty());
}

/// Damages the newest of two files and returns what `latest` makes of it.
fn after_damage(damage: impl FnOnce(Vec<u8>) -> Vec<u8>) -> (Loaded<State>, String) {
    let (folder, store) = store();
    store.save(&checkpoint(1, vec![1.0, 2.0])).expect("written");
    let newest = store.save(&checkpoint(2, vec![3.0, 4.0])).expect("written");
    let bytes = fs::read(&newest).expect("read");
    fs::write(&newest, damage(bytes)).expect("damaged");
    let loaded = store.latest::<State>().expect("the older one is good");
    let fault = loaded.faults.first().map(ToString::to_string).unwrap_or_default();
    drop(folder);
    (loaded, fault)
}

#[test]
fn a_damaged_file_is_named_with_its_fault_and_the_previous_one_is_used() {
    type Damage = fn(Vec<u8>) -> Vec<u8>;
    let cases: [(&str, Damage); 6] = [
        ("truncated", |b| b[..b.len() - 9].to_vec()),
        ("truncated", |b| b[..8].to_vec()),
        ("altered", |mut b| {
            b[40] ^= 1;
            b
        }),
        ("not a checkpoint", |_| b"PK\x03\x04 something else".to_vec()),
        ("not a checkpoint", |_| Vec::new()),
        ("has checkpoint format 9", |mut b| {
            b[6] = 9;
            b
        }),
    ];
    for (expected, damage) in cases {
        let (loaded, fault) = after_damage(damage);
        assert!(fault.contains(expected) && fault.contains("gen-000000002.ckpt"), "{fault}");
        assert_eq!(loaded.checkpoint.state, [1.0, 2.0]);
    }
}

#[test]
fn a_record_of_another_kind_is_refused() {
    let (_folder, store) = store();
    store.save(&checkpoint(1, vec![1.0, 2.0])).expect("written");
    let error = store.latest::<(u8, Vec<String>)>().expect_err("another type");
    assert!(error.to_string().contains("another kind of run"), "{error}");
}

#[test]
fn a_removed_folder_is_an_error_with_its_name() {
    let store = CheckpointStore::new("/nonexistent/checkpoints", 2);
    let error = store.save(&checkpoint(1, vec![])).expect_err("no folder");
    assert!(error.to_string().contains("/nonexistent/checkpoints"), "{error}");
}

proptest! {
    #[test]
    fn what_is_written_is_read(state in proptest::collection::vec(any::<f32>(), 0..50), generation: u32) {
        let written = checkpoint(generation, state);
        let bytes = encode(&written, Path::new("x")).expect("encodes");
        let read: Checkpoint<State> = codec::decode(checked_payload(&bytes, Path::new("x")).expect("whole")).expect("decodes");
        let bits = |c: &Checkpoint<State>| c.state.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&read), bits(&written));
        prop_assert_eq!(read.progress, written.progress);
    }

    #[test]
    fn no_damage_goes_unseen(position in 0_usize..80, bit in 0_u8..8) {
        let mut bytes = encode(&checkpoint(3, vec![1.0, 2.0]), Path::new("x")).expect("encodes");
        let position = position % bytes.len();
        bytes[position] ^= 1 << bit;
        prop_assert!(checked_payload(&bytes, Path::new("x")).is_err());
    }
}
