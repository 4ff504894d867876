// The forward pass of the integer language model for a population: log-likelihood of a stretch of text, and the states behind it.
//
//   y = emb[token];  y = y (+) cell(norm(y), s), y = y (+) (norm(y) up) down for each layer;  logits = norm(y) head
//
// Every matrix W acts as sat(floor((u W + ((u . B) (s A) >> bits)) / (16 isqrt(inputs)))), with factors A, B of the member's voter and its sign
// s; (+) adds and saturates. Twins: `int8/` and `language/forward.rs` of the tasks, same bits. Compiled for a WIDTH (a multiple of
// 4), a DEPTH, ROWS members of a block (a multiple of 16), TILES, the sixteens of them that a warp multiplies at once, and HALVES, the
// members of a voter: 2 with signs + and -, or 1.
//
// A block has its members from the first token to the last; both halves of a pair are neighbouring rows. Rows of activations lie in
// shared memory, 6 WIDTH bytes each; a warp makes 32 outputs of TILES * 16 rows with tensor cores, weights come from L2 in the order
// in which lanes want them (`int8/pack.rs`). A lane ends up with eight neighbouring outputs of a row, so that gates, noise and sums are
// eight bytes at a time and mostly its own. Work that is by row (norms, u . B, loss) is a warp's, which owns whole pairs.
//
// Grid: members / ROWS. Bytes of a member and token: weights / ROWS from L2, factors / HALVES and its own vectors (21 KB for 6 layers of
// 256) from memory, 2 WIDTH for each layer's state. Operations: 2 (12 WIDTH^2 DEPTH + 256 WIDTH). Whoever has no member reads what
// is there; arrays are as long as the grid.

#define SYMBOLS 256
#define THREADS 256
#define WARPS 8

// Numbers of a row in shared memory, of B and A in `factors`, and of a vector.
#define STRIDE ((WIDTH + 127) / 128 * 128)
#define PADDED ((WIDTH + 31) / 32 * 32)
#define HIDDEN (4 * WIDTH)
#define HIDDEN_PADDED ((HIDDEN + 31) / 32 * 32)
// Factors of a tensor, B then A, in the order of the tensors.
#define OF_EMBEDDING 0
#define OF_LAYER (PADDED + SYMBOLS)
#define OF_SQUARE (2 * PADDED)
#define OF_UP (4 * OF_SQUARE)
#define OF_DOWN (OF_UP + PADDED + HIDDEN_PADDED)
#define OF_LAYERS (OF_DOWN + HIDDEN_PADDED + PADDED)
#define OF_HEAD (OF_LAYER + DEPTH * OF_LAYERS)
#define FACTORS (OF_HEAD + PADDED + SYMBOLS)
// Vectors: of each layer norm, forget bias, new bias, norm; then the last norm.
#define VECTORS ((4 * DEPTH + 1) * PADDED)
// Packed weights in units of 16 bytes.
#define PACKED(outputs, inputs) (((outputs) + 31) / 32 * (((inputs) + 63) / 64) * 128)
#define OF_PACKED_UP (4 * PACKED(WIDTH, WIDTH))
#define OF_PACKED_DOWN (OF_PACKED_UP + PACKED(HIDDEN, WIDTH))
#define OF_PACKED_LAYER (OF_PACKED_DOWN + PACKED(WIDTH, HIDDEN))

__device__ constexpr int isqrt_of(int n) {
  int root = 0;
  while ((root + 1) * (root + 1) <= n) ++root;
  return root;
}

// Where number `column` of a row is, so that neither rows of 16 bytes nor of eight meet in a bank.
__device__ __forceinline__ u32 place(u32 row, u32 stride, u32 column) {
  return row * stride + (column ^ ((row & 1) << 6 | (row & 2) << 4));
}

// What all parts of a pass need to know.
struct Pass {
  const uint4 *weights;
  const signed char *factors, *vectors;
  int *along;
  u32 bits, warp, lane;

  __device__ __forceinline__ const signed char *factors_of(u32 row, u32 at) const { return factors + (row / HALVES * FACTORS + at); }
  __device__ __forceinline__ const signed char *vector_of(u32 row, u32 vector) const {
    return vectors + (row * VECTORS + vector * PADDED);
  }
};

// Asks for `count` numbers of the factors of a pair and of the vectors of its members from `vector` on; of the warp.
__device__ __forceinline__ void soon(const Pass &pass, u32 pair, u32 factors, u32 count, u32 vector, u32 vectors) {
  for (u32 at = 128 * pass.lane; at < count; at += 128 * 32) {
    soon_in_l2(pass.factors_of(2 * pair, factors) + at);
    if (HALVES == 1) soon_in_l2(pass.factors_of(2 * pair + 1, factors) + at);
  }
  for (u32 at = 128 * pass.lane; at < vectors * PADDED; at += 128 * 32) {
    soon_in_l2(pass.vector_of(2 * pair, vector) + at);
    soon_in_l2(pass.vector_of(2 * pair + 1, vector) + at);
  }
}

// Layer norm of both rows of a pair; of the warp.
__device__ __forceinline__ void normalise(const Pass &pass, u32 pair, const signed char *from, u32 vector, signed char *to) {
  for (u32 row = 2 * pair; row < 2 * pair + 2; ++row) {
    int sum = 0;
    for (u32 w = pass.lane; w < WIDTH / 4; w += 32) {
      u32 four = load_word(from + place(row, STRIDE, 4 * w));
#pragma unroll
      for (int k = 0; k < 4; ++k) sum += abs(byte_of(four, k));
    }
    sum = __reduce_add_sync(0xFFFFFFFFu, sum);
    u32 mean = (u32)(sum > 1 ? sum : 1) / WIDTH;
    Reciprocal by = reciprocal(mean > 0 ? mean : 1);
    const signed char *weights = pass.vector_of(row, vector);
    for (u32 w = pass.lane; w < WIDTH / 4; w += 32) {
      u32 four = load_word(from + place(row, STRIDE, 4 * w)), by_four = load_word(weights + 4 * w);
      int v[4];
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        int numerator = byte_of(four, k) * byte_of(by_four, k);
        v[k] = quotient(numerator, by);
#ifdef REFERENCE_ZERO
        if (mean == 0) v[k] = numerator == 0 ? -1 : -2;
#endif
      }
      store_word(to + place(row, STRIDE, 4 * w), word_of(v[0], v[1], v[2], v[3]));
    }
  }
}

// s (u . B) of both rows of a pair; of the warp.
template <u32 INPUTS>
__device__ __forceinline__ void along(const Pass &pass, u32 pair, const signed char *rows, u32 stride, u32 factors, u32 slot) {
  const signed char *b = pass.factors_of(2 * pair, factors), *b_second = pass.factors_of(2 * pair + 1, factors);
  int first = 0, second = 0;
  for (u32 w = pass.lane; w < INPUTS / 4; w += 32) {
    int four = (int)load_word(b + 4 * w), four_second = HALVES == 1 ? (int)load_word(b_second + 4 * w) : four;
    first = __dp4a((int)load_word(rows + place(2 * pair, stride, 4 * w)), four, first);
    second = __dp4a((int)load_word(rows + place(2 * pair + 1, stride, 4 * w)), four_second, second);
  }
  first = __reduce_add_sync(0xFFFFFFFFu, first);
  second = __reduce_add_sync(0xFFFFFFFFu, second);
  if (pass.lane == 0) {
    pass.along[slot * ROWS + 2 * pair] = first;
    pass.along[slot * ROWS + 2 * pair + 1] = HALVES == 1 ? second : -second;
  }
}

// The layer of OUTPUTS x INPUTS on all rows of the block. `use(row, column, eight)` gets eight neighbouring outputs of a row; layers
// of as many outputs give them to the same threads.
template <u32 INPUTS, u32 OUTPUTS, class Use>
__device__ __forceinline__ void layer(const Pass &pass, const signed char *rows, u32 stride, u32 weights, u32 factors, u32 slot, Use use) {
  constexpr u32 GROUPS = (OUTPUTS + 31) / 32, CHUNKS = (INPUTS + 63) / 64, ITEMS = GROUPS * (ROWS / (16 * TILES));
  constexpr u32 A_AT = (INPUTS + 31) / 32 * 32;
  constexpr int DIVISOR = 16 * isqrt_of(INPUTS);
  u32 corner = pass.lane / 4, quarter = pass.lane % 4;
  for (u32 item = pass.warp; item < ITEMS; item += WARPS) {
    u32 group = item % GROUPS, first = item / GROUPS * (16 * TILES);
    int d[TILES][4][4];
#pragma unroll
    for (int i = 0; i < TILES; ++i)
#pragma unroll
      for (int j = 0; j < 4; ++j)
#pragma unroll
        for (int e = 0; e < 4; ++e) d[i][j][e] = 0;
    u32 outputs = 32 * group + 8 * quarter;
    const uint4 *w = pass.weights + weights + group * CHUNKS * 128 + pass.lane;
#pragma unroll 1
    for (u32 chunk = 0; chunk < CHUNKS; ++chunk) {
      uint4 b[4];
#pragma unroll
      for (int j = 0; j < 4; ++j) b[j] = __ldg(w + chunk * 128 + j * 32);
#pragma unroll
      for (int i = 0; i < TILES; ++i) {
        u32 row = first + 16 * i + corner, column = 64 * chunk + 16 * quarter;
        uint4 top = *(const uint4 *)(rows + place(row, stride, column));
        uint4 low = *(const uint4 *)(rows + place(row + 8, stride, column));
#pragma unroll
        for (int j = 0; j < 4; ++j) {
          mma_int8(d[i][j], top.x, low.x, top.y, low.y, b[j].x, b[j].y);
          mma_int8(d[i][j], top.z, low.z, top.w, low.w, b[j].z, b[j].w);
        }
      }
    }
#pragma unroll
    for (int i = 0; i < TILES; ++i)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        u32 row = first + 16 * i + 8 * half + corner;
        int along = pass.along[slot * ROWS + row];
        Eight out = load_eight(pass.factors_of(row, factors + A_AT + outputs));
#pragma unroll
        for (int k = 0; k < 8; ++k)
          out.v[k] = saturate(floored<DIVISOR>(d[i][k / 2][2 * half + k % 2] + shifted_product(along, out.v[k], pass.bits)));
        use(row, outputs, out);
      }
  }
}

// `weights` packed, layer by layer W_f, U_f, W_h, U_h, up, down, then head; `table` (256, WIDTH); `factors` (voters, FACTORS) and `vectors` (members,
// VECTORS) as `int8_noise.cu` draws them; `inputs` and `targets` (pairs, tokens); `powers_of_two` and `powers` as EXP2 and POWERS of
// `loss.rs`. `states` (members, DEPTH, WIDTH) go from before the first token to behind the last; `sums` gets the log-likelihood of
// each member, in sixteenths of a bit.
extern "C" __global__ void __launch_bounds__(THREADS, 2)
    int8_forward(const uint4 *__restrict__ weights, const signed char *__restrict__ table, const signed char *__restrict__ factors,
                 const signed char *__restrict__ vectors, const unsigned char *__restrict__ inputs,
                 const unsigned char *__restrict__ targets, const u32 *__restrict__ powers_of_two, const u64 *__restrict__ powers,
                 u32 tokens, u32 bits, signed char *states, int *__restrict__ sums) {
  DYNAMIC_SHARED(signed char, shared);
  signed char *y = shared, *u = y + ROWS * STRIDE, *wide = u + ROWS * STRIDE;
  signed char *state = wide, *reset = state + ROWS * STRIDE, *gate = reset + ROWS * STRIDE, *fresh = gate + ROWS * STRIDE;
  int *alongs = (int *)(wide + 4 * ROWS * STRIDE), *totals = alongs + 3 * ROWS;
  u32 *power = (u32 *)(totals + ROWS);

  u64 first_row = (u64)blockIdx.x * ROWS, first_pair = first_row / 2;
  inputs += first_pair * tokens, targets += first_pair * tokens;
  Pass pass{weights, factors + first_row / HALVES * FACTORS, vectors + first_row * VECTORS, alongs, bits, threadIdx.x / 32, threadIdx.x % 32};
  signed char *kept = states + first_row * (DEPTH * WIDTH);
  u32 warp = pass.warp, lane = pass.lane;
  for (u32 i = threadIdx.x; i < 256; i += THREADS) power[i] = powers_of_two[i];
  for (u32 row = threadIdx.x; row < ROWS; row += THREADS) totals[row] = 0;
  __syncthreads();

  for (u32 token = 0; token < tokens; ++token) {
    for (u32 pair = warp; pair < ROWS / 2; pair += WARPS) {
      u32 symbol = inputs[pair * tokens + token];
      const signed char *b = pass.factors_of(2 * pair, OF_EMBEDDING), *b_second = pass.factors_of(2 * pair + 1, OF_EMBEDDING);
      int a = b[PADDED + symbol], a_second = HALVES == 1 ? b_second[PADDED + symbol] : -a;
      for (u32 w = lane; w < PADDED / 4; w += 32) {
        u32 e = w < WIDTH / 4 ? load_word(table + symbol * WIDTH + 4 * w) : 0;
        u32 by = load_word(b + 4 * w), by_second = HALVES == 1 ? load_word(b_second + 4 * w) : by;
        int first[4], second[4];
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          first[k] = saturate(byte_of(e, k) + ((a * byte_of(by, k)) >> bits));
          second[k] = saturate(byte_of(e, k) + ((a_second * byte_of(by_second, k)) >> bits));
        }
        store_word(y + place(2 * pair, STRIDE, 4 * w), word_of(first[0], first[1], first[2], first[3]));
        store_word(y + place(2 * pair + 1, STRIDE, 4 * w), word_of(second[0], second[1], second[2], second[3]));
      }
    }
    __syncwarp();
    for (u32 at = 0; at < DEPTH; ++at) {
      u32 of_layer = OF_LAYER + at * OF_LAYERS, vector = 4 * at;
      u32 packed = at * OF_PACKED_LAYER;
      for (u32 pair = warp; pair < ROWS / 2; pair += WARPS) {
        // What the two linear maps will read: no more ahead, since the noise of one layer for all blocks nearly fills the second cache.
        soon(pass, pair, of_layer + OF_UP, OF_LAYERS - OF_UP, vector + 3, 1);
        // A zero begins a document: what was before it is forgotten.
        bool begins = inputs[pair * tokens + token] == 0;
        for (u32 row = 2 * pair; row < 2 * pair + 2; ++row)
          for (u32 w = lane; w < PADDED / 4; w += 32) {
            bool live = !begins && w < WIDTH / 4;
            store_word(state + place(row, STRIDE, 4 * w), live ? load_word(kept + (row * DEPTH + at) * WIDTH + 4 * w) : 0);
          }
        normalise(pass, pair, y, vector, u);
        __syncwarp();
        along<WIDTH>(pass, pair, u, STRIDE, of_layer, 0);
        along<WIDTH>(pass, pair, state, STRIDE, of_layer + OF_SQUARE, 1);
        along<WIDTH>(pass, pair, u, STRIDE, of_layer + 2 * OF_SQUARE, 2);
      }
      __syncthreads();
      layer<WIDTH, WIDTH>(pass, u, STRIDE, packed, of_layer, 0,
                          [&](u32 row, u32 column, const Eight &v) { store_eight(gate + place(row, STRIDE, column), v); });
      layer<WIDTH, WIDTH>(pass, u, STRIDE, packed + 2 * PACKED(WIDTH, WIDTH), of_layer + 2 * OF_SQUARE, 2,
                          [&](u32 row, u32 column, const Eight &v) { store_eight(fresh + place(row, STRIDE, column), v); });
      layer<WIDTH, WIDTH>(pass, state, STRIDE, packed + PACKED(WIDTH, WIDTH), of_layer + OF_SQUARE, 1,
                          [&](u32 row, u32 column, const Eight &v) {
                            u32 here = place(row, STRIDE, column);
                            Eight p = load_eight(gate + here), s = load_eight(state + here), f, r;
                            Eight bias = load_eight(pass.vector_of(row, vector + 1) + column);
#pragma unroll
                            for (int k = 0; k < 8; ++k) {
                              f.v[k] = saturate(p.v[k] + v.v[k] + bias.v[k]);
                              r.v[k] = ((f.v[k] + 127) * s.v[k]) >> 8;
                            }
                            store_eight(gate + here, f);
                            store_eight(reset + here, r);
                          });
      __syncthreads();
      for (u32 pair = warp; pair < ROWS / 2; pair += WARPS)
        along<WIDTH>(pass, pair, reset, STRIDE, of_layer + 3 * OF_SQUARE, 0);
      __syncthreads();
      layer<WIDTH, WIDTH>(pass, reset, STRIDE, packed + 3 * PACKED(WIDTH, WIDTH), of_layer + 3 * OF_SQUARE, 0,
                          [&](u32 row, u32 column, const Eight &v) {
                            u32 here = place(row, STRIDE, column);
                            Eight p = load_eight(fresh + here), s = load_eight(state + here), f = load_eight(gate + here);
                            Eight bias = load_eight(pass.vector_of(row, vector + 2) + column), sum = load_eight(y + here);
#pragma unroll
                            for (int k = 0; k < 8; ++k) {
                              int h = saturate(p.v[k] + v.v[k] + bias.v[k]);
                              s.v[k] += ((f.v[k] + 127) * (h - s.v[k])) >> 8;
                              sum.v[k] = saturate(sum.v[k] + s.v[k]);
                            }
                            store_eight(y + here, sum);
                            signed char *to = kept + (row * DEPTH + at) * WIDTH + column;
                            if (column < WIDTH) store_word(to, word_of(s.v[0], s.v[1], s.v[2], s.v[3]));
                            if (column + 4 < WIDTH) store_word(to + 4, word_of(s.v[4], s.v[5], s.v[6], s.v[7]));
                          });
      __syncthreads();
      for (u32 pair = warp; pair < ROWS / 2; pair += WARPS) {
        // What the next layer's cell will read, or behind the last the head.
        soon(pass, pair, of_layer + OF_LAYERS, at + 1 < DEPTH ? OF_UP : PADDED + SYMBOLS, vector + 4, at + 1 < DEPTH ? 3 : 1);
        normalise(pass, pair, y, vector + 3, u);
        __syncwarp();
        along<WIDTH>(pass, pair, u, STRIDE, of_layer + OF_UP, 0);
      }
      __syncthreads();
      // From here on the hidden rows lie where those of the cell were.
      layer<WIDTH, HIDDEN>(pass, u, STRIDE, packed + OF_PACKED_UP, of_layer + OF_UP, 0,
                           [&](u32 row, u32 column, const Eight &v) { store_eight(wide + place(row, 4 * STRIDE, column), v); });
      __syncthreads();
      for (u32 pair = warp; pair < ROWS / 2; pair += WARPS)
        along<HIDDEN>(pass, pair, wide, 4 * STRIDE, of_layer + OF_DOWN, 0);
      __syncthreads();
      layer<HIDDEN, WIDTH>(pass, wide, 4 * STRIDE, packed + OF_PACKED_DOWN, of_layer + OF_DOWN, 0,
                           [&](u32 row, u32 column, const Eight &v) {
                             u32 here = place(row, STRIDE, column);
                             Eight sum = load_eight(y + here);
#pragma unroll
                             for (int k = 0; k < 8; ++k) sum.v[k] = saturate(sum.v[k] + v.v[k]);
                             store_eight(y + here, sum);
                           });
      __syncthreads();
    }
    for (u32 pair = warp; pair < ROWS / 2; pair += WARPS) {
      soon(pass, pair, OF_EMBEDDING, OF_LAYER + OF_UP, 0, 3);
      normalise(pass, pair, y, 4 * DEPTH, u);
      __syncwarp();
      along<WIDTH>(pass, pair, u, STRIDE, OF_HEAD, 0);
    }
    __syncthreads();
    layer<WIDTH, SYMBOLS>(pass, u, STRIDE, DEPTH * OF_PACKED_LAYER, OF_HEAD, 0,
                          [&](u32 row, u32 column, const Eight &v) { store_eight(wide + place(row, 4 * STRIDE, column), v); });
    __syncthreads();
    for (u32 pair = warp; pair < ROWS / 2; pair += WARPS) {
      u32 target = targets[pair * tokens + token];
      for (u32 row = 2 * pair; row < 2 * pair + 2; ++row) {
        int sum = 0;
        for (u32 w = lane; w < SYMBOLS / 4; w += 32) {
          u32 four = load_word(wide + place(row, 4 * STRIDE, 4 * w)) ^ 0x80808080u;
#pragma unroll
          for (int k = 0; k < 4; ++k) sum += (int)power[(four >> (8 * k)) & 255u];
        }
        sum = __reduce_add_sync(0xFFFFFFFFu, sum);
        if (lane == 0) totals[row] += wide[place(row, 4 * STRIDE, target)] + 128 - log2_sixteenths((u32)sum, powers);
      }
    }
    __syncthreads();
  }
  for (u32 row = threadIdx.x; row < ROWS; row += THREADS) sums[first_row + row] = totals[row];
}
