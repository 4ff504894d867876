//! Weights in the order in which lanes of a warp want them.
//!
//! A *tile* is 32 outputs by 64 inputs: 2 KiB, which a warp reads as four times 16 bytes a lane, side by side. Read j of lane l has inputs
//! 16 (l mod 4) to 16 (l mod 4) + 15 of output 8 (c / 2) + 2 j + c mod 2, where c = l / 4: column c of the j-th product of tensor cores.
//! That product gives its columns 2q and 2q + 1 to the lanes with l mod 4 = q, so that these have outputs 8 q to 8 q + 7 of the tile after
//! four of them. Inputs may stand in any order, as long as rows stand in the same. What is missing is zeros.

/// Outputs and inputs of a tile.
const TILE: (usize, usize) = (32, 64);
/// Bytes of a tile.
const BYTES: usize = TILE.0 * TILE.1;

/// Packs `weights`, `(outputs, inputs)`, row-major, behind what is in `out`: tiles of the same outputs side by side.
///
/// # Panics
/// If there are not `outputs · inputs` weights.
pub(super) fn pack(weights: &[i8], outputs: usize, inputs: usize, out: &mut Vec<i8>) {
    assert_eq!(weights.len(), outputs * inputs, "one weight for each output and input");
    let chunks = inputs.div_ceil(TILE.1);
    let begin = out.len();
    out.resize(begin + outputs.div_ceil(TILE.0) * chunks * BYTES, 0);
    for (output, row) in weights.chunks_exact(inputs).enumerate() {
        let within = output % TILE.0;
        let (read, column) = (within % 8 / 2, within / 8 * 2 + within % 2);
        for (chunk, row) in row.chunks(TILE.1).enumerate() {
            let tile = begin + (output / TILE.0 * chunks + chunk) * BYTES;
            for (quarter, sixteen) in row.chunks(16).enumerate() {
                let lane = 4 * column + quarter;
                let at = tile + (32 * read + lane) * 16;
                out[at..at + sixteen.len()].copy_from_slice(sixteen);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_weight_is_where_the_definition_says() {
        let (outputs, inputs) = (40, 72);
        let weights: Vec<i8> = (0..outputs * inputs).map(|i| (i % 127) as i8 + 1).collect();
        let mut packed = vec![7; 3];
        pack(&weights, outputs, inputs, &mut packed);
        assert_eq!(packed.len(), 3 + 2 * 2 * BYTES);
        for (at, &found) in packed[3..].iter().enumerate() {
            let (tile, read, lane, byte) = (at / BYTES, at % BYTES / 512, at % 512 / 16, at % 16);
            let (column, quarter) = (lane / 4, lane % 4);
            let output = tile / 2 * 32 + 8 * (column / 2) + 2 * read + column % 2;
            let input = tile % 2 * 64 + 16 * quarter + byte;
            let there = output < outputs && input < inputs;
            assert_eq!(found, if there { weights[output * inputs + input] } else { 0 });
        }
    }
}
