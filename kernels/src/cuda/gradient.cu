// The update contraction of one tensor: out += sum over directions d of w[d] E[d]. Twin: `cpu/gradient/`, same bits in f32.
//
// Noise of the directions of a batch comes in `(directions, elements)`; batches follow each other in order, so that the chains of
// sums go on where the last one ended.

#define TILE 64
#define DEPTH 16

// sign(x), as of Rust's `signum`: 1 or -1 by the sign bit.
__device__ __forceinline__ float factor(float x) {
#ifdef SIGNS
  return __uint_as_float((__float_as_uint(x) & 0x80000000u) | 0x3F800000u);
#else
  return x;
#endif
}

// Low-rank noise: out (rows, cols) goes on by one fma for each direction and factor, in order. A block has a tile of 64 x 64
// entries, a thread 4 x 4 of them; factors pass through shared memory 16 columns (direction and factor) at a time.
// Grid: tiles of cols in x, tiles of rows in y. Operations: 2 rows cols rank per direction. Bytes: each factor is read once for
// every tile across.
extern "C" __global__ void __launch_bounds__(256)
    gradient_low_rank(const float *__restrict__ noise, const float *__restrict__ weights, u32 directions, u32 elements, u32 rank,
                      u32 rows, u32 cols, u32 padded_rows, u32 padded_cols, float share, float *__restrict__ out) {
  __shared__ float a[DEPTH][TILE], b[DEPTH][TILE];
  u32 row = blockIdx.y * TILE, col = blockIdx.x * TILE;
  u32 r = threadIdx.x / 16 * 4, c = threadIdx.x % 16 * 4;
  float sums[4][4];
#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      bool inside = row + r + i < rows && col + c + j < cols;
      sums[i][j] = inside ? out[(u64)(row + r + i) * cols + col + c + j] : 0.0f;
    }
  u32 columns = directions * rank;
  for (u32 first = 0; first < columns; first += DEPTH) {
#pragma unroll
    for (u32 at = threadIdx.x; at < DEPTH * TILE; at += 256) {
      u32 depth = at / TILE, e = at % TILE, column = first + depth, d = column / rank, k = column % rank;
      bool live = column < columns;
      const float *of = noise + (u64)(live ? d : 0) * elements;
      float weight = live ? weights[d] * share : 0.0f;
      float x = live && row + e < rows ? of[rank * padded_cols + k * padded_rows + row + e] : 0.0f;
      float y = live && col + e < cols ? of[k * padded_cols + col + e] : 0.0f;
      a[depth][e] = factor(x) * weight;
      b[depth][e] = live ? factor(y) : 0.0f;
    }
    __syncthreads();
    u32 depths = columns - first < DEPTH ? columns - first : DEPTH;
    for (u32 depth = 0; depth < depths; ++depth) {
      float x[4], y[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) x[i] = a[depth][r + i], y[i] = b[depth][c + i];
#pragma unroll
      for (int i = 0; i < 4; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j) sums[i][j] = fma32(x[i], y[j], sums[i][j]);
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j)
      if (row + r + i < rows && col + c + j < cols) out[(u64)(row + r + i) * cols + col + c + j] = sums[i][j];
}

// Dense noise: sixteen chains for each entry, of the directions with the same remainder by sixteen; `chains` (16, elements) go on.
// Thread (x, y) of a block is entry x, chain y. Grid: entries in x.
extern "C" __global__ void __launch_bounds__(512)
    gradient_dense(const float *__restrict__ noise, const float *__restrict__ weights, u32 directions, u32 elements,
                   float *__restrict__ chains) {
  u32 e = blockIdx.x * 32 + threadIdx.x;
  if (e >= elements) return;
  u64 at = (u64)threadIdx.y * elements + e;
  float sum = chains[at];
#pragma unroll 8
  for (u32 d = threadIdx.y; d < directions; d += 16) sum = fma32(weights[d], noise[(u64)d * elements + e], sum);
  chains[at] = sum;
}

// out += the sum of all chains, by halves.
extern "C" __global__ void __launch_bounds__(128)
    gradient_fold(const float *__restrict__ chains, u32 elements, float *__restrict__ out) {
  u32 e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= elements) return;
  float sums[16];
#pragma unroll
  for (int l = 0; l < 16; ++l) sums[l] = chains[(u64)l * elements + e];
#pragma unroll
  for (int width = 8; width > 0; width /= 2)
#pragma unroll
    for (int l = 0; l < 8; ++l)
      if (l < width) sums[l] += sums[l + width];
  out[e] += sums[0];
}
