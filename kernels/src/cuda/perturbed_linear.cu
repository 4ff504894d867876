// A linear layer of many members: y = x W^T + b + s sigma E_b + s sigma / sqrt(r) (x B) A^T, activation included.
// Twin: `cpu/forward.rs`; same bits in f32.
//
// x is (columns, inputs), y (columns, outputs), both with rows of `x_stride` and `y_stride` numbers whose ends are zero; column =
// (direction * halves + half) * rows + row. With SHARED_INPUT x is (rows, inputs), the same for all members. W is (outputs,
// x_stride). Values are f32, or bf16 with PRECISION_BF16; sums are f32.
// KIND, RANK, BIAS_NOISE and ACTIVATION are defined before; NOISE_DRAWN says that low-rank factors are drawn here and not read.
//
// The low-rank part costs no pass over y: a block draws or reads the factors of its directions and outputs into shared
// memory when its product is done, and adds them in registers. t = s sigma / sqrt(r) x B comes from `inner_products.cu`.

// Tiles: a block has TILE_C columns and TILE_O outputs, a thread ROWS x COLS of them.
#define THREADS 256
#ifdef PRECISION_BF16
#define TILE_C 128
#define TILE_O 128
#define DEPTH 32
#define STAGES 4
#define ROWS 8
#define COLS 8
#else
#define TILE_C 64
#define TILE_O 64
#define DEPTH 16
#define ROWS 4
#define COLS 4
#endif
#define FACTOR_STRIDE (TILE_O + 8)

// Where the numbers of this thread are in the tile.
__device__ __forceinline__ u32 row_of(u32 i) {
#ifdef PRECISION_BF16
  return threadIdx.x / 128 * 64 + i / 2 * 16 + i % 2 * 8 + threadIdx.x % 32 / 4;
#else
  return threadIdx.x / 16 * ROWS + i;
#endif
}
__device__ __forceinline__ u32 col_of(u32 j) {
#ifdef PRECISION_BF16
  return threadIdx.x / 32 % 4 * 32 + j / 2 * 8 + threadIdx.x % 4 * 2 + j % 2;
#else
  return threadIdx.x % 16 * COLS + j;
#endif
}

// The product with the mean weights.
__device__ __forceinline__ void product(float (&sums)[ROWS][COLS], const Value *__restrict__ x, u32 x_stride, u32 columns,
                                        const Value *__restrict__ w, u32 inputs, u32 outputs, u32 first_column, u32 first_output,
                                        u32 rows, char *shared) {
#ifdef PRECISION_BF16
  // 16 bytes at a time go to a slot that keeps the rows of eight neighbouring lanes in different banks.
  auto slot = [](u32 row, u32 chunk) { return row * 64 + (chunk ^ (row / 2 % 4)) * 16; };
  char *xs = shared, *ws = shared + STAGES * TILE_C * 64;
  u32 depths = (inputs + DEPTH - 1) / DEPTH;
  auto fetch = [&](u32 depth) {
    u32 stage = depth % STAGES;
#pragma unroll
    for (u32 at = threadIdx.x; at < TILE_C * 4; at += THREADS) {
      u32 row = at / 4, chunk = at % 4, column = first_column + row, k = depth * DEPTH + chunk * 8;
#ifdef SHARED_INPUT
      u32 from = column % rows;
#else
      u32 from = column;
#endif
      bool valid = column < columns && k < x_stride;
      copy_async(xs + stage * TILE_C * 64 + slot(row, chunk), x + (valid ? (u64)from * x_stride + k : 0), valid);
    }
#pragma unroll
    for (u32 at = threadIdx.x; at < TILE_O * 4; at += THREADS) {
      u32 row = at / 4, chunk = at % 4, output = first_output + row, k = depth * DEPTH + chunk * 8;
      bool valid = output < outputs && k < x_stride;
      copy_async(ws + stage * TILE_O * 64 + slot(row, chunk), w + (valid ? (u64)output * x_stride + k : 0), valid);
    }
  };
  float d[ROWS / 2][COLS / 2][4];
#pragma unroll
  for (int i = 0; i < ROWS / 2; ++i)
#pragma unroll
    for (int j = 0; j < COLS / 2; ++j)
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
    char *x_now = xs + depth % STAGES * TILE_C * 64, *w_now = ws + depth % STAGES * TILE_O * 64;
#pragma unroll
    for (u32 step = 0; step < DEPTH / 16; ++step) {
      u32 a[ROWS / 2][4], b[COLS / 4][4];
#pragma unroll
      for (u32 i = 0; i < ROWS / 2; ++i)
        load_matrices(a[i], x_now + slot(warp_row + i * 16 + lane % 16, step * 2 + lane / 16));
#pragma unroll
      for (u32 j = 0; j < COLS / 4; ++j)
        load_matrices(b[j], w_now + slot(warp_col + j * 16 + lane % 8 + lane / 16 * 8, step * 2 + lane / 8 % 2));
#pragma unroll
      for (u32 i = 0; i < ROWS / 2; ++i)
#pragma unroll
        for (u32 j = 0; j < COLS / 2; ++j) mma_bf16(d[i][j], a[i], b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
    }
  }
  copy_wait<0>();
  __syncthreads();
#pragma unroll
  for (int i = 0; i < ROWS; ++i)
#pragma unroll
    for (int j = 0; j < COLS; ++j) sums[i][j] = d[i / 2][j / 2][i % 2 * 2 + j % 2];
#else
  float *xs = (float *)shared, *ws = xs + DEPTH * (TILE_C + 4);
#pragma unroll
  for (int i = 0; i < ROWS; ++i)
#pragma unroll
    for (int j = 0; j < COLS; ++j) sums[i][j] = 0.0f;
  for (u32 first = 0; first < inputs; first += DEPTH) {
#pragma unroll
    for (u32 at = threadIdx.x; at < DEPTH * TILE_C; at += THREADS) {
      u32 row = at / DEPTH, k = at % DEPTH, column = first_column + row;
#ifdef SHARED_INPUT
      u32 from = column % rows;
#else
      u32 from = column;
#endif
      xs[k * (TILE_C + 4) + row] = column < columns && first + k < inputs ? x[(u64)from * x_stride + first + k] : 0.0f;
    }
#pragma unroll
    for (u32 at = threadIdx.x; at < DEPTH * TILE_O; at += THREADS) {
      u32 row = at / DEPTH, k = at % DEPTH, output = first_output + row;
      ws[k * (TILE_O + 4) + row] = output < outputs && first + k < inputs ? w[(u64)output * x_stride + first + k] : 0.0f;
    }
    __syncthreads();
    u32 depths = inputs - first < DEPTH ? inputs - first : DEPTH;
    for (u32 k = 0; k < depths; ++k) {
      float a[ROWS], b[COLS];
#pragma unroll
      for (int i = 0; i < ROWS; ++i) a[i] = xs[k * (TILE_C + 4) + row_of(i)];
#pragma unroll
      for (int j = 0; j < COLS; ++j) b[j] = ws[k * (TILE_O + 4) + col_of(j)];
#pragma unroll
      for (int i = 0; i < ROWS; ++i)
#pragma unroll
        for (int j = 0; j < COLS; ++j) sums[i][j] = fma32(b[j], a[i], sums[i][j]);
    }
    __syncthreads();
  }
#endif
}

// Adds coefficient x factor to the sums, for the outputs of the tile. `coefficients` is (columns, stride), or s sigma without it.
__device__ __forceinline__ void add_factor(float (&sums)[ROWS][COLS], const Block &b, u32 layer, const float *__restrict__ slab,
                                           u32 elements, u32 element, u32 outputs, u32 columns, u32 first_column,
                                           u32 first_output, const float *__restrict__ coefficients, u32 stride, float *shared) {
  u32 per_direction = b.halves * b.rows, last_column = first_column + TILE_C < columns ? first_column + TILE_C : columns;
  u32 first = first_column / per_direction, count = (last_column - 1) / per_direction - first + 1;
  const u32 groups = TILE_O / PER_BLOCK;
  for (u32 at = threadIdx.x; at < count * groups; at += THREADS) {
    u32 d = at / groups, o = at % groups * PER_BLOCK;
    if (first_output + o >= outputs) continue;
    float z[PER_BLOCK];
    factors(b, layer, slab, elements, first + d, element + first_output + o, element + outputs, z);
#pragma unroll
    for (int e = 0; e < PER_BLOCK; ++e) shared[d * FACTOR_STRIDE + o + e] = z[e];
  }
  __syncthreads();
#pragma unroll
  for (int i = 0; i < ROWS; ++i) {
    u32 column = first_column + row_of(i);
    if (column >= columns) continue;
    float c = coefficients ? coefficients[(u64)column * stride] : scale_of(b, column);
    const float *of = shared + (column / per_direction - first) * FACTOR_STRIDE;
#pragma unroll
    for (int j = 0; j < COLS; ++j) sums[i][j] = fma32(c, of[col_of(j)], sums[i][j]);
  }
  __syncthreads();
}

// Grid: tiles of columns in x, tiles of outputs in y. Operations: 2 inputs outputs per column, and 2 rank outputs. Bytes: x and y
// once for every tile across, t, and the noise of the tile's directions if it is read.
extern "C" __global__ void __launch_bounds__(THREADS, 2)
    perturbed_linear(const Value *__restrict__ x, u32 x_stride, u32 inputs, const Value *__restrict__ w, const float *__restrict__ bias,
                     u32 outputs, const float *__restrict__ t, Value *__restrict__ y, u32 y_stride, u32 elements,
                     BLOCK_PARAMETERS) {
  DYNAMIC_SHARED(char, shared);
  Block b = BLOCK_ARGUMENTS;
  u32 columns = b.directions * b.halves * b.rows;
  u32 first_column = blockIdx.x * TILE_C, first_output = blockIdx.y * TILE_O;
  float sums[ROWS][COLS];
  product(sums, x, x_stride, columns, w, inputs, outputs, first_column, first_output, b.rows, shared);
#if KIND == DENSE
#pragma unroll 1
  for (int i = 0; i < ROWS; ++i)
#pragma unroll 1
    for (int j = 0; j < COLS; ++j) {
      u32 column = first_column + row_of(i), o = first_output + col_of(j);
      if (column >= columns || o >= outputs) continue;
      u32 d = column / (b.halves * b.rows);
#ifdef SHARED_INPUT
      const Value *from = x + (u64)(column % b.rows) * x_stride;
#else
      const Value *from = x + (u64)column * x_stride;
#endif
      const float *noise = b.slab + (u64)d * elements + (u64)o * inputs;
      float own = 0.0f;
      for (u32 k = 0; k < inputs; ++k) own = fma32(noise[k], to_float(from[k]), own);
      sums[i][j] = fma32(scale_of(b, column), own, sums[i][j]);
    }
#endif
#pragma unroll
  for (int j = 0; j < COLS; ++j) {
    u32 o = first_output + col_of(j);
    float value = o < outputs ? bias[o] : 0.0f;
#pragma unroll
    for (int i = 0; i < ROWS; ++i) sums[i][j] += value;
  }
#ifdef BIAS_NOISE
  add_factor(sums, b, b.bias_layer, b.bias_slab, outputs, 0, outputs, columns, first_column, first_output, nullptr, 0, (float *)shared);
#endif
#if KIND == LOW_RANK
  for (u32 k = 0; k < RANK; ++k)
    add_factor(sums, b, b.layer, b.slab, elements, RANK * pad(inputs) + k * pad(outputs), outputs, columns, first_column,
               first_output, t + k, RANK, (float *)shared);
#endif
#pragma unroll
  for (int i = 0; i < ROWS; ++i) {
    u32 column = first_column + row_of(i);
    if (column >= columns) continue;
#pragma unroll
    for (int j = 0; j < COLS; ++j) {
      u32 o = first_output + col_of(j);
      if (o >= outputs) {
        if (o < y_stride) y[(u64)column * y_stride + o] = (Value)0;
        continue;
      }
#if KIND == SPARSE
      const float *noise = b.slab + (u64)(column / (b.halves * b.rows)) * elements;
      u32 entries = elements / 2;
#ifdef SHARED_INPUT
      const Value *from = x + (u64)(column % b.rows) * x_stride;
#else
      const Value *from = x + (u64)column * x_stride;
#endif
      for (u32 e = 0; e < entries; ++e) {
        u32 place = __float_as_uint(noise[entries + e]);
        if (place / inputs == o) sums[i][j] = fma32(scale_of(b, column) * noise[e], to_float(from[place % inputs]), sums[i][j]);
      }
#endif
      y[(u64)column * y_stride + o] = to_value(activated(sums[i][j]));
    }
  }
}
