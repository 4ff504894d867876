// The update contraction of low-rank noise on tensor cores: out += sum over columns c of a[c] b[c]^T, where a column is one direction
// and one of its factors. Twin: `cpu/gradient/low_rank.rs`, within the rounding of bf16.
//
// Factors are drawn once, weighted and rounded: a is (columns, row_stride), b (columns, col_stride), ends zero.

#define TILE 128
#define DEPTH 32
#define STAGES 4
#define THREADS 256

// A thread draws the numbers of one block. Grid: blocks in x, columns in y; z is 0 for b and 1 for a. Bytes: 2 per number.
extern "C" __global__ void __launch_bounds__(128)
    draw_factors(unsigned short *__restrict__ a, unsigned short *__restrict__ b, const float *__restrict__ weights, u32 key0, u32 key1,
                 u32 generation, u32 layer, u32 first_direction, u32 columns, u32 rank, u32 rows, u32 cols, u32 row_stride,
                 u32 col_stride, float share) {
  bool is_a = blockIdx.z == 1;
  u32 length = is_a ? rows : cols, stride = is_a ? row_stride : col_stride;
  u32 first = (blockIdx.x * blockDim.x + threadIdx.x) * PER_BLOCK;
  if (first >= stride) return;
  for (u32 column = blockIdx.y; column < columns; column += gridDim.y) {
    u32 d = column / rank, k = column % rank;
    u32 element = (is_a ? rank * pad(cols) + k * pad(rows) : k * pad(cols)) + first;
    float z[PER_BLOCK];
    deviates(philox(Stream{key0, key1, generation, layer}, first_direction + d, element / PER_BLOCK), z);
    float weight = is_a ? weights[d] * share : 1.0f;
    unsigned short *to = (is_a ? a : b) + (u64)column * stride + first;
#pragma unroll
    for (u32 e = 0; e < PER_BLOCK; ++e) {
#ifdef SIGNS
      z[e] = __uint_as_float((__float_as_uint(z[e]) & 0x80000000u) | 0x3F800000u);
#endif
      if (first + e < stride) to[e] = first + e < length ? bf16_bits(z[e] * weight) : 0;
    }
  }
}

// A block has a tile of 128 x 128 entries and the columns of one span; a span is summed from zero, and spans are added up by
// `add_spans` in their order. Grid: tiles of cols in x, tiles of rows in y, spans in z. Operations: 2 rows cols per column.
// Bytes: each factor once for every tile across; 4 per entry and span.
extern "C" __global__ void __launch_bounds__(THREADS, 2)
    contract(const unsigned short *__restrict__ a, const unsigned short *__restrict__ b, u32 columns, u32 rows, u32 cols,
             u32 row_stride, u32 col_stride, u32 span, float *__restrict__ sums) {
  DYNAMIC_SHARED(char, shared);
  // Sixteen chunks of 16 bytes a row; eight neighbouring rows keep the same chunk in different banks.
  auto slot = [](u32 row, u32 chunk) { return row * (TILE * 2) + (chunk ^ (row % 8)) * 16; };
  char *as = shared, *bs = shared + STAGES * DEPTH * TILE * 2;
  u32 first_row = blockIdx.y * TILE, first_col = blockIdx.x * TILE, first_column = blockIdx.z * span;
  u32 end = first_column + span < columns ? first_column + span : columns;
  u32 depths = (end - first_column + DEPTH - 1) / DEPTH;
  auto fetch = [&](u32 depth) {
    u32 stage = depth % STAGES * DEPTH * TILE * 2;
#pragma unroll
    for (u32 at = threadIdx.x; at < DEPTH * 16; at += THREADS) {
      u32 row = at / 16, chunk = at % 16, column = first_column + depth * DEPTH + row, e = chunk * 8;
      bool live = column < end, in_a = live && first_row + e < row_stride, in_b = live && first_col + e < col_stride;
      copy_async(as + stage + slot(row, chunk), a + (in_a ? (u64)column * row_stride + first_row + e : 0), in_a);
      copy_async(bs + stage + slot(row, chunk), b + (in_b ? (u64)column * col_stride + first_col + e : 0), in_b);
    }
  };
  float d[4][4][4];
#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j)
#pragma unroll
      for (int e = 0; e < 4; ++e) d[i][j][e] = 0.0f;
#pragma unroll
  for (u32 depth = 0; depth < STAGES - 1; ++depth) {
    if (depth < depths) fetch(depth);
    copy_commit();
  }
  u32 lane = threadIdx.x % 32, warp_row = threadIdx.x / 128 * 64, warp_col = threadIdx.x / 32 % 4 * 32;
  for (u32 depth = 0; depth < depths; ++depth) {
    copy_wait<STAGES - 2>();
    __syncthreads();
    if (depth + STAGES - 1 < depths) fetch(depth + STAGES - 1);
    copy_commit();
    char *a_now = as + depth % STAGES * DEPTH * TILE * 2, *b_now = bs + depth % STAGES * DEPTH * TILE * 2;
#pragma unroll
    for (u32 step = 0; step < DEPTH / 16; ++step) {
      u32 x[4][4], y[2][4];
#pragma unroll
      for (u32 i = 0; i < 4; ++i)
        load_matrices_transposed(x[i], a_now + slot(step * 16 + lane % 8 + lane / 16 * 8, (warp_row + i * 16) / 8 + lane / 8 % 2));
#pragma unroll
      for (u32 j = 0; j < 2; ++j)
        load_matrices_transposed(y[j], b_now + slot(step * 16 + lane % 16, (warp_col + j * 16) / 8 + lane / 16));
#pragma unroll
      for (u32 i = 0; i < 4; ++i)
#pragma unroll
        for (u32 j = 0; j < 4; ++j) mma_bf16(d[i][j], x[i], y[j / 2][j % 2 * 2], y[j / 2][j % 2 * 2 + 1]);
    }
  }
  copy_wait<0>();
  float *to = sums + (u64)blockIdx.z * rows * cols;
#pragma unroll
  for (u32 i = 0; i < 4; ++i)
#pragma unroll
    for (u32 j = 0; j < 4; ++j)
#pragma unroll
      for (u32 e = 0; e < 4; ++e) {
        u32 row = first_row + warp_row + i * 16 + e / 2 * 8 + lane / 4, col = first_col + warp_col + j * 8 + lane % 4 * 2 + e % 2;
        if (row < rows && col < cols) to[(u64)row * cols + col] = d[i][j][e];
      }
}

// out += the sums of all spans, in order. Grid: entries.
extern "C" __global__ void __launch_bounds__(256)
    add_spans(const float *__restrict__ sums, u32 spans, u64 entries, float *__restrict__ out) {
  u64 e = (u64)blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= entries) return;
  float sum = out[e];
  for (u32 span = 0; span < spans; ++span) sum += sums[span * entries + e];
  out[e] = sum;
}
