// The update contraction of low-rank noise on Hopper: out += sum over columns c of a[c] b[c]^T, where a column is one direction and one
// of its factors. Twin: `cpu/gradient/low_rank.rs`, within the rounding of bf16.
//
// Factors are drawn once, weighted and rounded, with columns next to each other: a is (rows, stride), b (cols, stride).

// A thread draws the numbers of one block. Grid: columns in x, blocks in y; z is 0 for b and 1 for a. Bytes: 2 per number.
extern "C" __global__ void __launch_bounds__(128)
    draw_factors_across(unsigned short *__restrict__ a, unsigned short *__restrict__ b, const float *__restrict__ weights, u32 key0,
                        u32 key1, u32 generation, u32 layer, u32 first_direction, u32 columns, u32 rank, u32 rows, u32 cols,
                        u32 stride, float share) {
  bool is_a = blockIdx.z == 1;
  u32 length = is_a ? rows : cols, column = blockIdx.x * blockDim.x + threadIdx.x;
  if (column >= columns) return;
  u32 d = column / rank, k = column % rank;
  float weight = is_a ? weights[d] * share : 1.0f;
  unsigned short *to = (is_a ? a : b) + column;
  for (u32 first = blockIdx.y * PER_BLOCK; first < length; first += gridDim.y * PER_BLOCK) {
    u32 element = (is_a ? rank * pad(cols) + k * pad(rows) : k * pad(cols)) + first;
    float z[PER_BLOCK];
    deviates(philox(Stream{key0, key1, generation, layer}, first_direction + d, element / PER_BLOCK), z);
#pragma unroll
    for (u32 e = 0; e < PER_BLOCK; ++e) {
#ifdef SIGNS
      z[e] = __uint_as_float((__float_as_uint(z[e]) & 0x80000000u) | 0x3F800000u);
#endif
      if (first + e < length) to[(u64)(first + e) * stride] = bf16_bits(z[e] * weight);
    }
  }
}

// Columns come in spans of `span`, a multiple of 64; each is summed from zero. With SPLIT, for tensors of few tiles, blocks share the
// spans, and each span has `rows` x `cols` numbers of its own in `out`; without, they are added to `out` in their order. Grid: as many
// blocks as run at once, a multiple of CLUSTER. a and b: maps of boxes of 64 columns and 128 rows, or 256 / CLUSTER. Operations:
// 2 rows cols per column. Bytes: out read and written once for each span, or written.
extern "C" __global__ void __launch_bounds__(384, 1) CLUSTERED
    contract_hopper(const __grid_constant__ TileMap a, const __grid_constant__ TileMap b, u32 columns, u32 rows, u32 cols, u32 span,
                    float *__restrict__ out) {
  DYNAMIC_SHARED(char, raw);
  __shared__ Barrier filled[STAGES], emptied[STAGES];
  Ring ring{aligned(raw), filled, emptied, 0};
  u32 clusters = clusters_of(rows), tiles_w = (cols + TILE_W - 1) / TILE_W, tiles = clusters * tiles_w, step = gridDim.x / CLUSTER;
#ifdef SPLIT
  u32 parts = (columns + span - 1) / span, share = span;
#else
  u32 parts = 1, share = columns;
#endif
  if (threadIdx.x == 0) ring_init(ring), barriers_ready();
  cluster_sync();
  auto depths_of = [&](u32 first) { return ((columns - first < span ? columns - first : span) + DEPTH - 1) / DEPTH; };
  if (threadIdx.x < 128) {
    fewer_registers<FEW>();
    if (threadIdx.x == 0) {
      for (u32 at = blockIdx.x / CLUSTER; at < tiles * parts; at += step) {
        Place place = place_of(at % tiles, clusters, tiles_w);
        u32 begin = at / tiles * share, end = begin + share < columns ? begin + share : columns;
        for (u32 first = begin; first < end; first += span) ring_fill(ring, &a, &b, place.x, place.w, first, depths_of(first));
      }
    }
  } else {
    more_registers<MANY>();
    u32 half = ring_half(), thread = threadIdx.x % 128;
    for (u32 at = blockIdx.x / CLUSTER; at < tiles * parts; at += step) {
      Place place = place_of(at % tiles, clusters, tiles_w);
      u32 begin = at / tiles * share, end = begin + share < columns ? begin + share : columns;
      u32 upper = place.x + half * 64 + thread / 32 * 16 + thread % 32 / 4;
      for (u32 first = begin; first < end; first += span) {
        float d[128];
        ring_product(ring, d, depths_of(first), half, thread);
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          u32 row = upper + 8 * i, col = place.w + thread % 4 * 2;
          if (row >= rows) continue;
#ifdef SPLIT
          float *to = out + ((u64)(at / tiles) * rows + row) * cols + col;
#else
          float *to = out + (u64)row * cols + col;
#endif
          if (place.w + TILE_W <= cols && cols % 2 == 0) {
            // Sixteen reads at a time are under way together.
#pragma unroll
            for (u32 j = 0; j < 32; j += 16) {
              float2 sums[16];
#pragma unroll
              for (u32 m = 0; m < 16; ++m) {
#ifdef SPLIT
                sums[m] = make_float2(0.0f, 0.0f);
#else
                sums[m] = *(const float2 *)(to + 8 * (j + m));
#endif
              }
#pragma unroll
              for (u32 m = 0; m < 16; ++m) {
                float one = sums[m].x + d[4 * (j + m) + 2 * i], two = sums[m].y + d[4 * (j + m) + 2 * i + 1];
                *(float2 *)(to + 8 * (j + m)) = make_float2(one, two);
              }
            }
            continue;
          }
#pragma unroll
          for (u32 j = 0; j < 32; ++j)
#pragma unroll
            for (u32 e = 0; e < 2; ++e)
              if (col + 8 * j + e < cols) {
#ifdef SPLIT
                to[8 * j + e] = d[4 * j + 2 * i + e];
#else
                to[8 * j + e] += d[4 * j + 2 * i + e];
#endif
              }
        }
      }
    }
  }
  // No block may end while another of its cluster still copies to it.
  cluster_sync();
}
