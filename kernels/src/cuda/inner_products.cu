// t (columns, rank) = s sigma / sqrt(r) x B, the first step of the low-rank part of a layer. Twin: `cpu/forward.rs`; same bits in f32.

#ifdef PRECISION_BF16
#define THREADS 256
// Factors that a block sums at once; RANK of them are several blocks'.
#define SPAN (RANK < 8 ? RANK : 8)
#define SPANS ((RANK + SPAN - 1) / SPAN)

// Eight numbers of factor `rank` from input i on, a multiple of eight; zeros behind the inputs and for factors beyond the last.
__device__ __forceinline__ void eight_of(const Block &b, u32 elements, u32 inputs, u32 d, u32 rank, u32 i, float (&z)[8]) {
  u32 first = rank * pad(inputs) + i, end = rank * pad(inputs) + inputs;
#ifdef NOISE_UNIFORM
  // Half of a block.
  float all[PER_BLOCK];
  factors(b, b.layer, b.slab, elements, d, first / PER_BLOCK * PER_BLOCK, end, all);
#pragma unroll
  for (int e = 0; e < 8; ++e) z[e] = rank < RANK && i + e < inputs ? (first % PER_BLOCK == 0 ? all[e] : all[8 + e]) : 0.0f;
#else
#pragma unroll
  for (int half = 0; half < 8; half += PER_BLOCK) {
    float four[PER_BLOCK];
    factors(b, b.layer, b.slab, elements, d, first + half, end, four);
#pragma unroll
    for (int e = 0; e < PER_BLOCK; ++e) z[half + e] = rank < RANK && i + half + e < inputs ? four[e] : 0.0f;
  }
#endif
}

// COLUMNS, defined before, is how many columns a thread sums at once.
//
// The threads of a block are teams of `team` threads, whole warps of them, with columns of one direction and a span of its factors each:
// what is wider than 256 inputs takes more warps, eight at most. A direction with more than `share` columns has several teams, the
// first of them with its first `share`. With DIRECT there are no more than COLUMNS: each number of B is wanted by one thread, which draws
// or reads it. Otherwise a team brings its part of B into shared memory, `chunk` inputs at a time, and adds up what chunks give in
// `sums_of`. The order of a sum depends on inputs, rank, rows and distribution and on nothing else.
// Grid: teams, the spans of a team's columns one after the other. Shared memory: 4 SPAN (chunk + share) bytes for each team.
// Operations: 2 rank inputs per column. Bytes: x once for each span (from the cache but for the first), t once, B once for each team.
extern "C" __global__ void __launch_bounds__(THREADS)
    inner_products(const Value *__restrict__ x, u32 x_stride, u32 inputs, float *__restrict__ t, u32 elements, u32 chunk, u32 team,
                   u32 share, BLOCK_PARAMETERS) {
  DYNAMIC_SHARED(float, shared);
  __shared__ float partial[THREADS / 32][COLUMNS][SPAN];
  Block b = BLOCK_ARGUMENTS;
  u32 number = threadIdx.x / team, thread = threadIdx.x % team, warp = threadIdx.x / 32;
  u32 per_direction = b.halves * b.rows, parts = (per_direction + share - 1) / share;
  u32 at = blockIdx.x / SPANS * (THREADS / team) + number, first_rank = blockIdx.x % SPANS * SPAN, d = at / parts;
  u32 begin = at % parts * share, end = begin + share < per_direction ? begin + share : per_direction;
  // Teams beyond the last direction only come to the barriers.
  bool live = d < b.directions;
  const float root = 1.0f / __fsqrt_rn((float)RANK);
#ifndef DIRECT
  float *factor = shared + number * (SPAN * (chunk + share)), *sums_of = factor + SPAN * chunk;
#endif
  for (u32 first = 0; first < inputs; first += chunk) {
    u32 length = inputs - first < chunk ? inputs - first : chunk;
#ifndef DIRECT
    __syncthreads();
    for (u32 i = thread * 8; live && i < length; i += team * 8)
#pragma unroll 1
      for (int k = 0; k < SPAN; ++k) {
        float z[8];
        eight_of(b, elements, inputs, d, first_rank + k, first + i, z);
#pragma unroll
        for (int e = 0; e < 8; ++e) factor[k * chunk + i + e] = z[e];
      }
    __syncthreads();
#endif
    for (u32 group = 0; group < share; group += COLUMNS) {
      float sums[COLUMNS][SPAN];
#pragma unroll
      for (int c = 0; c < COLUMNS; ++c)
#pragma unroll
        for (int k = 0; k < SPAN; ++k) sums[c][k] = 0.0f;
      // Eight inputs at a time; behind a row's last there are zeros up to a multiple of eight.
      for (u32 i = thread * 8; live && i < length; i += team * 8) {
        uint4 words[COLUMNS];
#pragma unroll
        for (u32 c = 0; c < COLUMNS; ++c) {
          if (begin + group + c >= end) break;
          u32 column = d * per_direction + begin + group + c;
#ifdef SHARED_INPUT
          column %= b.rows;
#endif
          words[c] = *(const uint4 *)(x + (u64)column * x_stride + first + i);
        }
#pragma unroll
        for (int k = 0; k < SPAN; ++k) {
          float z[8];
#ifdef DIRECT
          eight_of(b, elements, inputs, d, first_rank + k, first + i, z);
#else
          const float4 *at_eight = (const float4 *)(factor + k * chunk + i);
          float4 low = at_eight[0], high = at_eight[1];
          z[0] = low.x, z[1] = low.y, z[2] = low.z, z[3] = low.w, z[4] = high.x, z[5] = high.y, z[6] = high.z, z[7] = high.w;
#endif
#pragma unroll
          for (u32 c = 0; c < COLUMNS; ++c) {
            if (begin + group + c >= end) break;
            u32 pairs[4] = {words[c].x, words[c].y, words[c].z, words[c].w};
#pragma unroll
            for (int e = 0; e < 8; ++e) sums[c][k] = fma32(z[e], bf16_value((unsigned short)(pairs[e / 2] >> (16 * (e % 2)))), sums[c][k]);
          }
        }
      }
#pragma unroll
      for (u32 c = 0; c < COLUMNS; ++c)
#pragma unroll
        for (int k = 0; k < SPAN; ++k) {
#pragma unroll
          for (int mask = 16; mask > 0; mask /= 2) sums[c][k] += __shfl_xor_sync(0xFFFFFFFFu, sums[c][k], mask);
          if (threadIdx.x % 32 == 0) partial[warp][c][k] = sums[c][k];
        }
      __syncthreads();
      for (u32 of = thread; live && of < COLUMNS * SPAN; of += team) {
        u32 c = of / SPAN, k = of % SPAN, column = begin + group + c;
        if (column >= end || first_rank + k >= RANK) continue;
        float sum = 0.0f;
        for (u32 w = 0; w < team / 32; ++w) sum += partial[number * (team / 32) + w][c][k];
#ifndef DIRECT
        float &so_far = sums_of[(group + c) * SPAN + k];
        sum = first == 0 ? sum : so_far + sum;
        so_far = sum;
#endif
        u64 to = (u64)d * per_direction + column;
        if (first + length == inputs) t[to * RANK + first_rank + k] = sum * (scale_of(b, (u32)to) * root);
      }
      __syncthreads();
    }
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
