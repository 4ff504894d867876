//! Tables of Parquet files.

use parquet::data_type::AsBytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::{Frame, FrameError};

impl Frame {
    /// Reads the bytes of a Parquet file. Cells without a value are missing, as in a CSV file; truth values are 0 and 1; rows count as
    /// lines from 1.
    ///
    /// # Errors
    /// [`FrameError`] if they are none, or the table has no rows.
    pub(super) fn of_parquet(bytes: Vec<u8>) -> Result<Self, FrameError> {
        let wrong =
            |error: ParquetError| FrameError::Parquet { reason: format!("no table: {error}") };
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).map_err(wrong)?;
        let schema = reader.metadata().file_metadata().schema();
        let names: Vec<String> =
            schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
        let (mut cells, mut lines) = (Vec::new(), Vec::new());
        for (row, line) in reader.get_row_iter(None).map_err(wrong)?.zip(1..) {
            let row = row.map_err(wrong)?;
            cells.push(row.get_column_iter().map(|(_, field)| text(field)).collect());
            lines.push(line);
        }
        Self::try_new(names, cells, lines)
    }
}

fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Bool(value) => u8::from(*value).to_string(),
        Field::Float(value) => value.to_string(),
        Field::Double(value) => value.to_string(),
        Field::Str(value) => value.clone(),
        Field::Bytes(value) => String::from_utf8_lossy(value.as_bytes()).into_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use parquet::data_type::{DoubleType, Int32Type};
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    fn file() -> Vec<u8> {
        let schema = "message table { required double x; optional int32 n; }";
        let schema = Arc::new(parse_message_type(schema).expect("a schema"));
        let mut bytes = Vec::new();
        let mut writer =
            SerializedFileWriter::new(&mut bytes, schema, Arc::default()).expect("a file");
        let mut group = writer.next_row_group().expect("a group");
        let mut column = group.next_column().expect("it has x").expect("it has x");
        column.typed::<DoubleType>().write_batch(&[0.5, 2.0], None, None).expect("two rows");
        column.close().expect("written");
        let mut column = group.next_column().expect("it has n").expect("it has n");
        column.typed::<Int32Type>().write_batch(&[7], Some(&[1, 0]), None).expect("one is missing");
        column.close().expect("written");
        group.close().expect("written");
        writer.close().expect("written");
        bytes
    }

    #[test]
    fn columns_are_read_and_missing_cells_are_named() {
        let frame = Frame::of_file(Path::new("a.parquet"), file()).expect("a table");
        assert_eq!(frame.names(), ["x", "n"]);
        assert_eq!(frame.numbers("x"), Ok(vec![0.5, 2.0]));
        let missing = frame.numbers("n").expect_err("a cell is missing").to_string();
        assert!(missing.starts_with("line 2, column 'n': the value is missing"), "{missing}");
    }

    #[test]
    fn other_bytes_are_no_table() {
        let error = Frame::of_file(Path::new("a.parquet"), b"a,b\n1,2\n".to_vec());
        assert!(matches!(error, Err(FrameError::Parquet { .. })), "{error:?}");
    }
}
