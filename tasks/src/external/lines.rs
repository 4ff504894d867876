//! Lines out of a stream of bytes, however they are cut.

use super::protocol::LINE_BYTES_MAX;

/// Bytes that have come and are not yet a whole line.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Bytes at the front that are known to hold no end of a line.
    searched: usize,
    /// Whether the rest of the current line is thrown away, because it is too long.
    skipping: bool,
}

impl Lines {
    /// Adds what was read and calls `each` for every line that is whole now; returns lines dropped for their length.
    pub(super) fn push(&mut self, read: &[u8], mut each: impl FnMut(&[u8])) -> u64 {
        let mut dropped = 0;
        self.bytes.extend_from_slice(read);
        let mut from = 0;
        while let Some(length) = self.bytes[self.searched..].iter().position(|b| *b == b'\n') {
            let end = self.searched + length;
            let line = &self.bytes[from..end];
            if !std::mem::take(&mut self.skipping) && !line.is_empty() {
                each(line);
            }
            (from, self.searched) = (end + 1, end + 1);
        }
        self.bytes.drain(..from);
        self.searched = self.bytes.len();
        if self.bytes.len() > LINE_BYTES_MAX {
            dropped += u64::from(!self.skipping);
            self.skipping = true;
            self.bytes.clear();
            self.searched = 0;
        }
        dropped
    }

    /// Whether bytes are left that no end of a line followed.
    pub(super) fn is_torn(&self) -> bool {
        !self.bytes.is_empty() || self.skipping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_however_the_bytes_are_cut() {
        let text = b"one\n\ntwo\nthree\nfo";
        for size in 1..text.len() {
            let (mut lines, mut seen) = (Lines::default(), Vec::new());
            for part in text.chunks(size) {
                lines.push(part, |line| seen.push(String::from_utf8_lossy(line).into_owned()));
            }
            assert_eq!(seen, ["one", "two", "three"]);
            assert!(lines.is_torn());
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_dropped_and_the_next_one_read() {
        let (mut lines, mut seen) = (Lines::default(), 0);
        let mut dropped = 0;
        for _ in 0..20 {
            dropped += lines.push(&[b'x'; 1 << 20], |_| seen += 1);
        }
        dropped += lines.push(b"xx\nok\n", |line| seen += usize::from(line == b"ok"));
        assert_eq!((dropped, seen), (1, 1));
        assert!(!lines.is_torn());
    }
}
