// t (columns, rank) = s sigma / sqrt(r) x B, the first step of the low-rank part of a layer. Twin: `cpu/forward.rs`; same bits in f32.

#ifdef PRECISION_BF16
#define THREADS 256
// Factors that a block sums at once; RANK of them are several blocks'.
#define SPAN (RANK < 8 ? RANK : 8)
#define SPANS ((RANK + SPAN - 1) / SPAN)

// The threads of a block are teams of `team` threads, whole warps of them, with a direction and a span of its factors each: what is
// wider than 256 inputs takes more warps, eight at most. A team brings its part of B into shared memory, `chunk` inputs at a time,
// and sums over them for four columns at once. The order of a sum depends on inputs, rank and distribution and on nothing else.
// Grid: teams of directions, the spans of a team's directions one after the other. Shared memory: 4 chunk SPAN bytes for each team.
// Operations: 2 rank inputs per column. Bytes: x once for each span (from the cache but for the first), t once, B once if it is
// read and `chunk` covers the inputs; if it does not, B is read or drawn again for every four columns.
extern "C" __global__ void __launch_bounds__(THREADS)
    inner_products(const Value *__restrict__ x, u32 x_stride, u32 inputs, float *__restrict__ t, u32 elements, u32 chunk, u32 team,
                   BLOCK_PARAMETERS) {
  DYNAMIC_SHARED(float, shared);
  __shared__ float partial[THREADS / 32][4][SPAN];
  Block b = BLOCK_ARGUMENTS;
  u32 number = threadIdx.x / team, thread = threadIdx.x % team, warp = threadIdx.x / 32;
  u32 d = blockIdx.x / SPANS * (THREADS / team) + number, first_rank = blockIdx.x % SPANS * SPAN;
  u32 per_direction = b.halves * b.rows, staged = 0xFFFFFFFFu;
  // Teams beyond the last direction only come to the barriers.
  bool live = d < b.directions;
  float *factor = shared + number * (SPAN * chunk);
  const float share = 1.0f / __fsqrt_rn((float)RANK);
  for (u32 group = 0; group < per_direction; group += 4) {
    float sums[4][SPAN];
#pragma unroll
    for (int c = 0; c < 4; ++c)
#pragma unroll
      for (int k = 0; k < SPAN; ++k) sums[c][k] = 0.0f;
    for (u32 first = 0; first < inputs; first += chunk) {
      u32 length = inputs - first < chunk ? inputs - first : chunk;
      if (staged != first) {
        __syncthreads();
        // Up to a multiple of 16, zeros behind the inputs and for factors beyond the last.
        u32 blocks = (length + 15) / 16 * (16 / PER_BLOCK);
        for (u32 at = thread; live && at < blocks * SPAN; at += team) {
          u32 k = at / blocks, i = at % blocks * PER_BLOCK, rank = first_rank + k;
          float z[PER_BLOCK];
          bool there = rank < RANK && first + i < inputs;
          if (there) factors(b, b.layer, b.slab, elements, d, rank * pad(inputs) + first + i, rank * pad(inputs) + inputs, z);
#pragma unroll
          for (int e = 0; e < PER_BLOCK; ++e) factor[k * chunk + i + e] = there && first + i + e < inputs ? z[e] : 0.0f;
        }
        __syncthreads();
        staged = first;
      }
#pragma unroll
      for (u32 c = 0; c < 4; ++c) {
        if (!live || group + c >= per_direction) break;
        u32 column = d * per_direction + group + c;
#ifdef SHARED_INPUT
        const Value *from = x + (u64)(column % b.rows) * x_stride + first;
#else
        const Value *from = x + (u64)column * x_stride + first;
#endif
        // Eight numbers at a time; behind a row's last there are zeros up to a multiple of eight.
        for (u32 i = thread * 8; i < length; i += team * 8) {
          uint4 words = *(const uint4 *)(from + i);
          u32 pairs[4] = {words.x, words.y, words.z, words.w};
#pragma unroll
          for (int e = 0; e < 8; ++e) {
            float value = bf16_value((unsigned short)(pairs[e / 2] >> (16 * (e % 2))));
#pragma unroll
            for (int k = 0; k < SPAN; ++k) sums[c][k] = fma32(factor[k * chunk + i + e], value, sums[c][k]);
          }
        }
      }
    }
#pragma unroll
    for (u32 c = 0; c < 4; ++c) {
      // The same for all threads.
      if (group + c >= per_direction) break;
#pragma unroll
      for (int k = 0; k < SPAN; ++k) {
#pragma unroll
        for (int mask = 16; mask > 0; mask /= 2) sums[c][k] += __shfl_xor_sync(0xFFFFFFFFu, sums[c][k], mask);
        if (threadIdx.x % 32 == 0) partial[warp][c][k] = sums[c][k];
      }
    }
    __syncthreads();
    for (u32 at = thread; live && at < 4 * SPAN; at += team) {
      u32 c = at / SPAN, k = at % SPAN, column = d * per_direction + group + c;
      if (group + c >= per_direction || first_rank + k >= RANK) continue;
      float sum = 0.0f;
      for (u32 of = 0; of < team / 32; ++of) sum += partial[number * (team / 32) + of][c][k];
      t[(u64)column * RANK + first_rank + k] = sum * (scale_of(b, column) * share);
    }
    __syncthreads();
  }
}
#else
// The same with one chain of sums for each column and factor, as on the CPU: a block has 32 columns and 4 factors.
// Grid: columns / 32 in x, factors / 4 in y.
extern "C" __global__ void __launch_bounds__(128)
    inner_products(const Value *__restrict__ x, u32 x_stride, u32 inputs, float *__restrict__ t, u32 elements, BLOCK_PARAMETERS) {
  __shared__ float xs[32][33], bs[4][32][33];
  Block b = BLOCK_ARGUMENTS;
  u32 columns = b.directions * b.halves * b.rows, per_direction = b.halves * b.rows, first_column = blockIdx.x * 32;
  u32 lane = threadIdx.x % 32, warp = threadIdx.x / 32, k = blockIdx.y * 4 + warp, column = first_column + lane;
  u32 last_column = first_column + 32 < columns ? first_column + 32 : columns;
  u32 first_d = first_column / per_direction, count = (last_column - 1) / per_direction - first_d + 1;
  float sum = 0.0f;
  for (u32 first = 0; first < inputs; first += 32) {
    for (u32 row = warp; row < 32; row += 4) {
      u32 c = first_column + row;
#ifdef SHARED_INPUT
      u32 from = c % b.rows;
#else
      u32 from = c;
#endif
      xs[row][lane] = c < columns && first + lane < inputs ? x[(u64)from * x_stride + first + lane] : 0.0f;
    }
    const u32 groups = 32 / PER_BLOCK;
    for (u32 at = threadIdx.x; at < 4 * count * groups; at += 128) {
      u32 f = at / (count * groups), d = at / groups % count, i = at % groups * PER_BLOCK, rank = blockIdx.y * 4 + f;
      if (rank >= RANK || first + i >= inputs) continue;
      float z[PER_BLOCK];
      factors(b, b.layer, b.slab, elements, first_d + d, rank * pad(inputs) + first + i, rank * pad(inputs) + inputs, z);
#pragma unroll
      for (int e = 0; e < PER_BLOCK; ++e) bs[f][d][i + e] = z[e];
    }
    __syncthreads();
    u32 length = inputs - first < 32 ? inputs - first : 32;
    if (column < columns && k < RANK) {
      u32 d = column / per_direction - first_d;
      for (u32 i = 0; i < length; ++i) sum = fma32(bs[warp][d][i], xs[lane][i], sum);
    }
    __syncthreads();
  }
  const float share = 1.0f / __fsqrt_rn((float)RANK);
  if (column < columns && k < RANK) t[(u64)column * RANK + k] = sum * (scale_of(b, column) * share);
}
#endif
