//! The King James Version of the Bible, embedded in the library.

use std::io::Read;
use std::sync::OnceLock;

use flate2::read::GzDecoder;

const PACKED: &[u8] = include_bytes!("../data/kjv.txt.gz");

/// The text: 4,298,239 bytes of 7-bit ASCII; unpacked at the first call.
pub fn kjv() -> &'static [u8] {
    static TEXT: OnceLock<Vec<u8>> = OnceLock::new();
    TEXT.get_or_init(|| {
        let mut text = Vec::new();
        GzDecoder::new(PACKED)
            .read_to_end(&mut text)
            .expect("the embedded text is whole, as a test checks");
        text
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_text_is_whole() {
        let text = super::kjv();
        assert_eq!(text.len(), 4_298_239);
        assert!(text.windows(11).take(2000).any(|w| w == b"In the begi"));
        let sum = text
            .iter()
            .fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        assert_eq!(sum, 15_905_346_920_437_777_257);
    }
}
