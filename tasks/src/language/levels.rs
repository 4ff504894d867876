//! What simple methods reach on the same text: the levels that a result is held against.

use std::collections::HashMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use lzma_rust2::{Lzma2Options, Lzma2Writer};

/// Bits per byte of `text` under counts of `train`, for contexts of 0 to `order` bytes, with Witten–Bell smoothing.
///
/// pₖ(b) = (c(b) + t pₖ₋₁(b)) / (n + t), where c counts b after the last k bytes, n is the sum of these counts and t the number of
/// distinct bytes among them; p₋₁ = 1/256. Order 0 is the frequency of bytes.
pub fn ngrams(train: &[u8], text: &[u8], order: usize) -> Vec<f64> {
    let tables: Vec<HashMap<u64, Counts>> = (0..=order).map(|k| count(train, k)).collect();
    let mut bits = vec![0.0; order + 1];
    for at in 0..text.len() {
        let mut p: f64 = 1.0 / 256.0;
        for (k, (table, bits)) in tables.iter().zip(&mut bits).enumerate() {
            let context = (k <= at).then(|| key(&text[at - k..at]));
            if let Some(counts) = context.and_then(|context| table.get(&context)) {
                let here = counts.of.iter().find(|(byte, _)| *byte == text[at]);
                let (seen, kinds) = (here.map_or(0, |(_, count)| *count), counts.of.len() as f64);
                p = (f64::from(seen) + kinds * p) / (f64::from(counts.total) + kinds);
            }
            *bits -= p.log2() / text.len() as f64;
        }
    }
    bits
}

/// Bits per byte of `text` alone, packed by gzip as well as it can.
pub fn gzip(text: &[u8]) -> f64 {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let packed = packer.write_all(text).and_then(|()| packer.finish());
    let packed = packed.expect("memory takes every byte");
    8.0 * packed.len() as f64 / text.len().max(1) as f64
}

/// Bits per byte of `text` alone, packed as by `xz -9`, without the frame of some sixty bytes about it.
pub fn xz(text: &[u8]) -> f64 {
    let mut packer = Lzma2Writer::new(Vec::new(), Lzma2Options::with_preset(9));
    let packed = packer.write_all(text).and_then(|()| packer.finish());
    let packed = packed.expect("memory takes every byte");
    8.0 * packed.len() as f64 / text.len().max(1) as f64
}

#[derive(Default)]
struct Counts {
    total: u32,
    of: Vec<(u8, u32)>,
}

/// Bytes of a context as a number; contexts of one length have different ones.
fn key(context: &[u8]) -> u64 {
    context.iter().fold(0, |key, &byte| key << 8 | u64::from(byte))
}

fn count(train: &[u8], order: usize) -> HashMap<u64, Counts> {
    let mut table: HashMap<u64, Counts> = HashMap::new();
    for window in train.windows(order + 1) {
        let counts = table.entry(key(&window[..order])).or_default();
        counts.total += 1;
        let byte = window[order];
        match counts.of.iter_mut().find(|(b, _)| *b == byte) {
            Some((_, count)) => *count += 1,
            None => counts.of.push((byte, 1)),
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_two_bytes_in_turn_costs_a_bit_without_context_and_next_to_nothing_with() {
        let text: Vec<u8> = b"ab".repeat(2000);
        let bits = ngrams(&text, &text, 1);
        assert!((bits[0] - 1.0).abs() < 0.01);
        assert!(bits[1] < 0.02);
        assert!(gzip(&text) < 0.2 && xz(&text) < 0.2);
    }

    #[test]
    fn what_was_never_seen_costs_eight_bits_and_the_surprise() {
        assert!(ngrams(b"aaaa", b"z", 0)[0] > 8.0);
        assert!((ngrams(b"", b"abc", 3)[3] - 8.0).abs() < 1e-9);
    }
}
