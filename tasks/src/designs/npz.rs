//! Archives of NumPy: arrays by name in a `.npz` file, as `numpy.savez` and `numpy.savez_compressed` write it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use zip::ZipArchive;

use super::DesignError;
use super::files::damaged;
use super::npy::Array;

/// The arrays of a file by their names.
///
/// # Errors
/// If the file is missing, no archive, or has an entry that is no array of numbers; the message has the path and the entry.
pub(super) fn arrays(path: &Path) -> Result<BTreeMap<String, Array>, DesignError> {
    let file = File::open(path).map_err(|error| DesignError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    parse(BufReader::new(file)).map_err(|reason| damaged(path, reason))
}

fn parse(file: impl Read + Seek) -> Result<BTreeMap<String, Array>, String> {
    let mut archive =
        ZipArchive::new(file).map_err(|error| format!("it is no .npz file: {error}"))?;
    let mut arrays = BTreeMap::new();
    for at in 0..archive.len() {
        let unreadable = |error| format!("entry {at}: {error}");
        let mut entry = archive.by_index(at).map_err(unreadable)?;
        let name = entry.name().map_err(unreadable)?;
        let name = name.strip_suffix(".npy").unwrap_or(&name).to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| format!("array '{name}': {error}"))?;
        let array = Array::parse(&bytes).map_err(|reason| format!("array '{name}': {reason}"))?;
        arrays.insert(name, array);
    }
    Ok(arrays)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    use super::super::npy::Values;
    use super::*;

    #[test]
    fn arrays_come_back_stored_and_packed() {
        let x = Array { shape: vec![2, 3], values: Values::I64(vec![0, 1, 2, 3, 4, 5]) };
        let y = Array { shape: vec![2], values: Values::F64(vec![0.5, -1.0]) };
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let mut file = ZipWriter::new(Cursor::new(Vec::new()));
            for (name, array) in [("x.npy", &x), ("y.npy", &y)] {
                file.start_file(name, SimpleFileOptions::default().compression_method(method))
                    .unwrap();
                file.write_all(&array.to_bytes()).unwrap();
            }
            let bytes = file.finish().unwrap();
            let both = BTreeMap::from([("x".to_owned(), x.clone()), ("y".to_owned(), y.clone())]);
            assert_eq!(parse(Cursor::new(bytes.get_ref())), Ok(both));
            // Cut off, and with a byte that the checksum knows to be wrong.
            let cut = &bytes.get_ref()[..bytes.get_ref().len() - 9];
            assert!(parse(Cursor::new(cut)).unwrap_err().starts_with("it is no .npz file: "));
            let mut wrong = bytes.get_ref().clone();
            wrong[60] ^= 1;
            assert!(parse(Cursor::new(wrong)).unwrap_err().starts_with("array 'x': "));
        }
    }
}
