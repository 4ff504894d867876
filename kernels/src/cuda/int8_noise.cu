// Noise of the integer language model for neighbouring voters: factors of matrices and tables, and perturbed vectors. A voter is a pair of
// members with opposite signs, or one member.
//
// A slice is all the noise of one tensor for one voter: see `int8/noise.rs`, the twin, same bits. A thread draws sixteen numbers of a
// slice. Grid: sixteens in x, voters in y. Bytes: one for each number. Padding is not written: it stays as it is.

// Where numbers come from: bytes of a counter that name one of 256 `levels`, or slices of a table with 2^n numbers, which begin at
// (word ^ hash(direction)) mod 2^n and are moved forward from the end.
struct Origin {
  const signed char *numbers;
  Stream at;
  u32 word, mask;
};

// Numbers 16 `block` to 16 `block` + 15 of the slice of a direction that is `length` long, four to a word.
__device__ __forceinline__ void sixteen(const Origin &from, u32 direction, u32 block, u32 length, u32 (&out)[4]) {
#ifdef NOISE_TABLE
  u32 start = (from.word ^ (((direction >> 16) ^ direction) * 0x45d9f3bu)) & from.mask, last = from.mask + 1 - length;
  start = start < last ? start : last;
#else
  Words words = philox(from.at, direction, block);
#endif
#pragma unroll
  for (int w = 0; w < 4; ++w) {
    int b[4];
#pragma unroll
    for (int k = 0; k < 4; ++k) {
#ifdef NOISE_TABLE
      u32 e = 16 * block + 4 * w + k;
      b[k] = e < length ? from.numbers[start + e] : 0;
#else
      b[k] = from.numbers[(words.w[w] >> (8 * k)) & 255u];
#endif
    }
    out[w] = word_of(b[0], b[1], b[2], b[3]);
  }
}

// B (`inputs` numbers) to `factors` from `b_at` on, A (`outputs` numbers) from `a_at` on, `stride` numbers from voter to voter.
extern "C" __global__ void __launch_bounds__(128)
    draw_int8_factors(signed char *__restrict__ factors, const signed char *__restrict__ numbers, u32 key0, u32 key1, u32 generation,
                      u32 tensor, u32 word, u32 mask, u32 first_voter, u32 voters, u32 directions, u32 inputs, u32 outputs, u32 b_at,
                      u32 a_at, u64 stride) {
  u32 block = blockIdx.x * blockDim.x + threadIdx.x, length = inputs + outputs;
  if (16 * block >= length) return;
  Origin from{numbers, Stream{key0, key1, generation, tensor}, word, mask};
  for (u32 voter = blockIdx.y; voter < voters; voter += gridDim.y) {
    u32 four[4];
    sixteen(from, (first_voter + voter) % directions, block, length, four);
    signed char *to = factors + voter * stride;
#pragma unroll
    for (u32 w = 0; w < 4; ++w) {
      // Inputs and outputs are multiples of four: a word belongs to one of them.
      u32 e = 16 * block + 4 * w;
      if (e < length) store_word(to + (e < inputs ? b_at + e : a_at + (e - inputs)), four[w]);
    }
  }
}

// sat(centre + ((s n1 n2) >> bits)) for the `halves` members of each voter, s + and -, to `vectors` from `at` on, `stride` numbers
// from member to member.
extern "C" __global__ void __launch_bounds__(128)
    draw_int8_vectors(signed char *__restrict__ vectors, const signed char *__restrict__ numbers, const signed char *__restrict__ centre,
                      u32 key0, u32 key1, u32 generation, u32 tensor, u32 word, u32 mask, u32 first_voter, u32 voters, u32 directions,
                      u32 halves, u32 width, u32 bits, u32 at, u64 stride) {
  u32 block = blockIdx.x * blockDim.x + threadIdx.x;
  if (8 * block >= width) return;
  Origin from{numbers, Stream{key0, key1, generation, tensor}, word, mask};
  for (u32 voter = blockIdx.y; voter < voters; voter += gridDim.y) {
    u32 four[4];
    sixteen(from, (first_voter + voter) % directions, block, 2 * width, four);
    for (u32 member = 0; member < halves; ++member) {
      signed char *to = vectors + (halves * (u64)voter + member) * stride + at;
#pragma unroll
      for (int w = 0; w < 2; ++w) {
        u32 e = 8 * block + 4 * w;
        if (e >= width) break;
        u32 p = load_word(centre + e);
        int v[4];
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          u32 two = four[2 * w + k / 2];
          int step = byte_of(two, 2 * (k % 2)) * byte_of(two, 2 * (k % 2) + 1);
          v[k] = saturate(byte_of(p, k) + ((member == 0 ? step : -step) >> bits));
        }
        store_word(to + e, word_of(v[0], v[1], v[2], v[3]));
      }
    }
  }
}
