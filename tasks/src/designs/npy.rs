//! Arrays of NumPy in `.npy` files, gzip or not.
//!
//! Versions 1 to 3; little-endian numbers of the types `f4`, `f8`, `i4`, `i8` and `u1`; rows stored one after another (C order).

use std::path::Path;

use super::DesignError;
use super::files::{bytes, damaged};

/// The numbers of an array, of their type in the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Single precision, `<f4`.
    F32(Vec<f32>),
    /// Double precision, `<f8`.
    F64(Vec<f64>),
    /// Whole numbers of 32 bits, `<i4`.
    I32(Vec<i32>),
    /// Whole numbers of 64 bits, `<i8`.
    I64(Vec<i64>),
    /// Whole numbers of 8 bits without a sign, `|u1`.
    U8(Vec<u8>),
}

/// An array.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Lengths of the axes, outermost first.
    pub shape: Vec<usize>,
    /// The numbers, the last axis running fastest.
    pub values: Values,
}

const MAGIC: &[u8; 6] = b"\x93NUMPY";

impl Array {
    /// Reads a file.
    ///
    /// # Errors
    /// If it is missing, or no array of the kinds above; the message has its path.
    pub fn read(path: &Path) -> Result<Self, DesignError> {
        Self::parse(&bytes(path)?).map_err(|reason| damaged(path, reason))
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// What was expected and what was found.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let rest = bytes.strip_prefix(MAGIC).ok_or("it is no .npy file")?;
        let (head, rest) = rest.split_first_chunk::<2>().ok_or("it ends in its header")?;
        let short = || "it ends in its header".to_owned();
        let (length, rest) = match head[0] {
            1 => {
                rest.split_first_chunk().map(|(n, rest)| (u32::from(u16::from_le_bytes(*n)), rest))
            }
            2 | 3 => rest.split_first_chunk().map(|(n, rest)| (u32::from_le_bytes(*n), rest)),
            version => return Err(format!("expected .npy version 1 to 3, found {version}")),
        }
        .ok_or_else(short)?;
        let (header, data) = rest.split_at_checked(length as usize).ok_or_else(short)?;
        let header = str::from_utf8(header).map_err(|_| "its header is no text")?;
        if entry(header, "fortran_order")?.starts_with("True") {
            return Err("its columns are stored one after another; save it in C order".into());
        }
        let shape = shape(entry(header, "shape")?)?;
        let kind = entry(header, "descr")?;
        let kind = kind.strip_prefix('\'').and_then(|kind| kind.split('\'').next()).unwrap_or(kind);
        let values = match kind {
            "<f4" => Values::F32(numbers(&shape, data, f32::from_le_bytes)?),
            "<f8" => Values::F64(numbers(&shape, data, f64::from_le_bytes)?),
            "<i4" => Values::I32(numbers(&shape, data, i32::from_le_bytes)?),
            "<i8" => Values::I64(numbers(&shape, data, i64::from_le_bytes)?),
            "|u1" => Values::U8(numbers(&shape, data, u8::from_le_bytes)?),
            other => {
                let known = "<f4, <f8, <i4, <i8 or |u1";
                return Err(format!("expected numbers of the type {known}, found {other}"));
            }
        };
        Ok(Self { shape, values })
    }

    /// The bytes of a file, version 1.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (kind, data) = match &self.values {
            Values::F32(values) => ("<f4", values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Values::F64(values) => ("<f8", values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Values::I32(values) => ("<i4", values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Values::I64(values) => ("<i8", values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Values::U8(values) => ("|u1", values.clone()),
        };
        let data: Vec<u8> = data;
        let axes: String = self.shape.iter().map(|length| format!("{length}, ")).collect();
        // A tuple of one has a comma, longer ones need not.
        let axes =
            if self.shape.len() == 1 { axes.trim_end() } else { axes.trim_end_matches(", ") };
        let mut header =
            format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({axes}), }}");
        // Data begin at a multiple of 64, after a line feed.
        let length = (MAGIC.len() + 4 + header.len() + 1).next_multiple_of(64) - MAGIC.len() - 4;
        header.extend(std::iter::repeat_n(' ', length - 1 - header.len()));
        header.push('\n');
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend((length as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    /// The numbers in double precision, whatever their type; whole numbers beyond 2⁵³ are rounded.
    pub fn to_f64(&self) -> Vec<f64> {
        match &self.values {
            Values::F32(values) => values.iter().map(|&v| f64::from(v)).collect(),
            Values::F64(values) => values.clone(),
            Values::I32(values) => values.iter().map(|&v| f64::from(v)).collect(),
            Values::I64(values) => values.iter().map(|&v| v as f64).collect(),
            Values::U8(values) => values.iter().map(|&v| f64::from(v)).collect(),
        }
    }

    /// Whether the numbers are of a type without fractions.
    pub fn is_whole(&self) -> bool {
        !matches!(self.values, Values::F32(_) | Values::F64(_))
    }
}

/// What follows a key in the header, which is a dictionary of Python.
fn entry<'a>(header: &'a str, key: &str) -> Result<&'a str, String> {
    let quoted = format!("'{key}':");
    let start = header.find(&quoted).ok_or_else(|| format!("its header has no '{key}'"))?;
    Ok(header[start + quoted.len()..].trim_start())
}

fn shape(text: &str) -> Result<Vec<usize>, String> {
    let inside = text.strip_prefix('(').and_then(|text| text.split_once(')'));
    let axes = inside.map(|(axes, _)| axes.split(',').map(str::trim).filter(|a| !a.is_empty()));
    let axes = axes.map(|axes| axes.map(str::parse).collect::<Result<Vec<usize>, _>>());
    axes.and_then(Result::ok).ok_or_else(|| "its header has no shape".into())
}

fn numbers<T, const N: usize>(
    shape: &[usize],
    data: &[u8],
    number: impl Fn([u8; N]) -> T,
) -> Result<Vec<T>, String> {
    let count = shape.iter().try_fold(1_usize, |count, length| count.checked_mul(*length));
    let (chunks, rest) = data.as_chunks::<N>();
    if count != Some(chunks.len()) || !rest.is_empty() {
        let found = data.len();
        return Err(format!(
            "expected {N} bytes for each number of the shape {shape:?}, found {found} in all"
        ));
    }
    Ok(chunks.iter().map(|chunk| number(*chunk)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::files::measured;
    use super::*;

    #[test]
    fn arrays_of_every_type_and_shape_come_back() {
        let kinds = [
            Values::F32(vec![1.5, -2.0, f32::INFINITY, 0.0, 1e-40, 3.0]),
            Values::F64(vec![0.1; 6]),
            Values::I32(vec![i32::MIN, -1, 0, 1, 2, i32::MAX]),
            Values::I64(vec![i64::MIN, -1, 0, 1, 2, i64::MAX]),
            Values::U8(vec![0, 1, 2, 127, 128, 255]),
        ];
        for values in kinds {
            for shape in [vec![6], vec![6, 1], vec![2, 3], vec![1, 2, 3]] {
                let array = Array { shape, values: values.clone() };
                let bytes = array.to_bytes();
                assert_eq!(Array::parse(&bytes), Ok(array));
            }
        }
        let scalar = Array { shape: vec![], values: Values::F64(vec![7.0]) };
        assert_eq!(Array::parse(&scalar.to_bytes()), Ok(scalar));
    }

    /// A file as NumPy writes it, with any version and header.
    fn file(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([version, 0]);
        match version {
            1 => bytes.extend((header.len() as u16).to_le_bytes()),
            _ => bytes.extend((header.len() as u32).to_le_bytes()),
        }
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    const HEADER: &str = "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }  \n";

    #[test]
    fn all_versions_are_read() {
        for version in 1..=3 {
            let array = Array::parse(&file(version, HEADER, &[1, 0, 0, 0, 255, 255, 255, 255]));
            assert_eq!(array, Ok(Array { shape: vec![2], values: Values::I32(vec![1, -1]) }));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let message = |bytes: &[u8]| Array::parse(bytes).expect_err("it is wrong");
        assert_eq!(message(b"x,y\n1,2\n"), "it is no .npy file");
        assert_eq!(message(&file(4, HEADER, &[])), "expected .npy version 1 to 3, found 4");
        let good = file(1, HEADER, &[0; 8]);
        for end in 6..good.len() {
            assert!(Array::parse(&good[..end]).is_err(), "cut at {end}");
        }
        let short = message(&good[..good.len() - 1]);
        assert_eq!(short, "expected 4 bytes for each number of the shape [2], found 7 in all");
        let turned = HEADER.replace("False", "True");
        assert!(message(&file(1, &turned, &[0; 8])).ends_with("save it in C order"));
        let big = HEADER.replace("<i4", ">i4");
        assert!(message(&file(1, &big, &[0; 8])).ends_with("or |u1, found >i4"));
        let huge = HEADER.replace("(2,)", &format!("({0}, {0})", usize::MAX));
        assert!(message(&file(1, &huge, &[0; 8])).starts_with("expected 4 bytes"));
        let none = HEADER.replace("(2,)", "None");
        assert_eq!(message(&file(1, &none, &[0; 8])), "its header has no shape");
    }

    #[test]
    fn files_of_numpy_are_read() {
        let Some(folder) = measured() else { return };
        let shape = |path: &str| Array::read(&folder.join(path)).unwrap().shape;
        assert_eq!(shape("superconductor/magpie_features.npy.gz"), [12_439, 132]);
        assert_eq!(shape("superconductor/magpie_row.npy.gz"), [12_439]);
        assert_eq!(shape("tf_bind_10/pho4_oracle_lastwins.npy.gz"), [1 << 20]);
    }
}
