//! Lines out of a stream of bytes, however they are cut.

/// Bytes that have come and are not yet a whole line.
#[derive(Debug)]
pub(super) struct Lines {
    /// Longest line that is read, bytes.
    length_max: usize,
    bytes: Vec<u8>,
    /// Bytes at the front that are known to hold no end of a line.
    searched: usize,
    /// Whether the rest of the current line is thrown away, because it is too long.
    skipping: bool,
}

impl Lines {
    pub(super) fn new(length_max: usize) -> Self {
        Self { length_max, bytes: Vec::new(), searched: 0, skipping: false }
    }

    /// Adds what was read and calls `each` for every line that is whole now; returns lines dropped for their length.
    pub(super) fn push(&mut self, read: &[u8], mut each: impl FnMut(&[u8])) -> u64 {
        let mut dropped = 0;
        self.bytes.extend_from_slice(read);
        let mut from = 0;
        while let Some(length) = self.bytes[self.searched..].iter().position(|b| *b == b'\n') {
            let end = self.searched + length;
            let line = &self.bytes[from..end];
            if !std::mem::take(&mut self.skipping) && !line.is_empty() {
                if line.len() > self.length_max {
                    dropped += 1;
                } else {
                    each(line);
                }
            }
            (from, self.searched) = (end + 1, end + 1);
        }
        self.bytes.drain(..from);
        self.searched = self.bytes.len();
        if self.bytes.len() > self.length_max {
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
            let (mut lines, mut seen) = (Lines::new(100), Vec::new());
            for part in text.chunks(size) {
                lines.push(part, |line| seen.push(String::from_utf8_lossy(line).into_owned()));
            }
            assert_eq!(seen, ["one", "two", "three"]);
            assert!(lines.is_torn());
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_dropped_and_the_next_one_read() {
        for size in [1, 7, 300] {
            let (mut lines, mut seen, mut dropped) = (Lines::new(10), Vec::new(), 0);
            let text = format!("{}\n0123456789\n{}\nok\n", "x".repeat(200), "y".repeat(11));
            for part in text.as_bytes().chunks(size) {
                dropped += lines.push(part, |line| seen.push(line.to_vec()));
            }
            assert_eq!((dropped, seen), (2, vec![b"0123456789".to_vec(), b"ok".to_vec()]));
            assert!(!lines.is_torn());
        }
    }
}
