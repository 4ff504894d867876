// The layer of `perturbed_linear.cu` in bf16 for wide layers on Hopper: tiles of 128 columns and 256 outputs, made one after the other
// by blocks that stay. Twin: `cpu/forward.rs`.
//
// A block is three warpgroups: see `ring.cuh`. The first thread of the first has copies of x and W brought; its warps 1 to 3 bring the
// tile's part of the noise into shared memory while the product is under way. The other two multiply, add the noise in registers
// and store: y is written once.
//
// KIND, RANK, BIAS_NOISE and ACTIVATION are defined before, as are DIRECTIONS, the most that 128 columns have a part in, and FIT:
// of the FACTORS vectors of a direction (A's, then the bias' noise) that many fit into shared memory. Any beyond are brought by the
// multiplying threads when the first have been added.

// Numbers from one vector of noise to the next: rows of neighbouring lanes are in different banks.
#define FACTOR_STRIDE (TILE_W + 8)
#if KIND == LOW_RANK
#define RANKS RANK
#else
#define RANKS 0
#endif
#ifdef BIAS_NOISE
#define FACTORS (RANKS + 1)
#else
#define FACTORS RANKS
#endif

// Vector `first` + k of direction d of the tile, for its outputs: by one warp.
__device__ __forceinline__ void bring_factor(unsigned short *noise, const Block &b, u32 elements, u32 inputs, u32 outputs, u32 first_output,
                                             u32 direction, u32 d, u32 factor) {
#pragma unroll
  for (u32 group = 0; group < TILE_W; group += 32 * PER_BLOCK) {
    u32 o = group + threadIdx.x % 32 * PER_BLOCK;
    if (o >= TILE_W || first_output + o >= outputs) continue;
    float z[PER_BLOCK];
#ifdef BIAS_NOISE
    if (factor == RANKS) factors(b, b.bias_layer, b.bias_slab, outputs, direction, first_output + o, outputs, z);
    else
#endif
    {
      u32 start = RANK * pad(inputs) + factor * pad(outputs);
      factors(b, b.layer, b.slab, elements, direction, start + first_output + o, start + outputs, z);
    }
    unsigned short *to = noise + (factor % FIT * DIRECTIONS + d) * FACTOR_STRIDE + o;
#pragma unroll
    for (int e = 0; e < PER_BLOCK; e += 4)
      *(uint2 *)(to + e) = make_uint2((u32)bf16_bits(z[e]) | (u32)bf16_bits(z[e + 1]) << 16,
                                      (u32)bf16_bits(z[e + 2]) | (u32)bf16_bits(z[e + 3]) << 16);
  }
}

// Brings vectors `first` to `first` + `count` of so many directions; warps take them in turn, whoever has time, by `next`.
__device__ __forceinline__ void bring_factors(u32 *next, unsigned short *noise, const Block &b, u32 elements, u32 inputs, u32 outputs,
                                              u32 first_output, u32 first_direction, u32 directions, u32 first, u32 count) {
  for (;;) {
    u32 taken = threadIdx.x % 32 == 0 ? atomicAdd(next, 1u) : 0;
    taken = __shfl_sync(0xFFFFFFFFu, taken, 0);
    if (taken >= directions * count) return;
    u32 d = taken % directions;
    bring_factor(noise, b, elements, inputs, outputs, first_output, first_direction + d, d, first + taken / directions);
  }
}

// Adds coefficient x vector for the two rows of this thread.
__device__ __forceinline__ void add_factor(float (&d)[128], const unsigned short *upper, const unsigned short *lower, float c_upper,
                                           float c_lower) {
  u32 pair = threadIdx.x % 4 * 2;
#pragma unroll
  for (int j = 0; j < 32; ++j) {
    u32 a = *(const u32 *)(upper + 8 * j + pair), b = *(const u32 *)(lower + 8 * j + pair);
    d[4 * j] = fma32(c_upper, bf16_value((unsigned short)a), d[4 * j]);
    d[4 * j + 1] = fma32(c_upper, bf16_value((unsigned short)(a >> 16)), d[4 * j + 1]);
    d[4 * j + 2] = fma32(c_lower, bf16_value((unsigned short)b), d[4 * j + 2]);
    d[4 * j + 3] = fma32(c_lower, bf16_value((unsigned short)(b >> 16)), d[4 * j + 3]);
  }
}

// Word m of lane q of four neighbouring lanes becomes word q of lane m.
__device__ __forceinline__ void transpose_quad(u32 (&word)[4], u32 quad) {
#pragma unroll
  for (int mask = 1; mask < 4; mask *= 2) {
    bool odd = quad & mask;
    const int a = 0, b = 3 - mask;
    u32 first = __shfl_xor_sync(0xFFFFFFFFu, odd ? word[a] : word[a + mask], mask);
    u32 second = __shfl_xor_sync(0xFFFFFFFFu, odd ? word[b] : word[b + mask], mask);
    if (odd) word[a] = first, word[b] = second;
    else word[a + mask] = first, word[b + mask] = second;
  }
}

// Grid: as many blocks as run at once, a multiple of CLUSTER. x and W: maps of boxes of 64 columns and 128 rows, or 256 / CLUSTER.
// Operations: 2 inputs outputs per column, and 2 rank outputs. Bytes: y once, W once for every GROUP tiles of columns.
extern "C" __global__ void __launch_bounds__(384, 1) CLUSTERED
    perturbed_linear_hopper(const __grid_constant__ TileMap x, const __grid_constant__ TileMap w, u32 inputs, const float *__restrict__ bias,
                            u32 outputs, const float *__restrict__ t, Value *__restrict__ y, u32 y_stride, u32 elements,
                            BLOCK_PARAMETERS) {
  DYNAMIC_SHARED(char, raw);
  __shared__ Barrier filled[STAGES], emptied[STAGES], brought, taken, together;
  __shared__ u32 next;
  Block b = BLOCK_ARGUMENTS;
  Ring ring{aligned(raw), filled, emptied, 0};
  unsigned short *noise = (unsigned short *)(ring.stages + RING_BYTES);
  u32 per_direction = b.halves * b.rows, columns = b.directions * per_direction, depths = (inputs + DEPTH - 1) / DEPTH;
  u32 clusters = clusters_of(columns), tiles_w = (outputs + TILE_W - 1) / TILE_W, tiles = clusters * tiles_w, step = gridDim.x / CLUSTER;
  if (threadIdx.x == 0) {
    ring_init(ring);
    barrier_init(&brought, 96 + 256), barrier_init(&taken, 256), barrier_init(&together, 256);
    next = 0;
    barriers_ready();
  }
  cluster_sync();
  // Directions that a tile has a part in, and the first of them.
  auto directions_of = [&](Place place, u32 &first) {
    u32 end = place.x + TILE_X < columns ? place.x + TILE_X : columns;
    first = place.x / per_direction;
    return place.x < columns ? (end - 1) / per_direction - first + 1 : 0;
  };

  if (threadIdx.x < 128) {
    fewer_registers<FEW>();
    if (threadIdx.x == 0) {
      for (u32 tile = blockIdx.x / CLUSTER; tile < tiles; tile += step) {
        Place place = place_of(tile, clusters, tiles_w);
        ring_fill(ring, &x, &w, place.x, place.w, 0, depths);
      }
    }
#if FACTORS > 0
    if (threadIdx.x >= 32) {
      u32 number = 0;
      for (u32 tile = blockIdx.x / CLUSTER; tile < tiles; tile += step, ++number) {
        Place place = place_of(tile, clusters, tiles_w);
        u32 first, directions = directions_of(place, first);
        barrier_wait(&taken, number + 1);
        bring_factors(&next, noise, b, elements, inputs, outputs, place.w, first, directions, 0, FIT);
        barrier_arrive(&brought);
      }
    }
#endif
  } else {
    more_registers<MANY>();
    u32 half = ring_half(), thread = threadIdx.x % 128;
#if FACTORS > 0
    u32 number = 0, rounds = 0;
#endif
    for (u32 tile = blockIdx.x / CLUSTER; tile < tiles; tile += step) {
      Place place = place_of(tile, clusters, tiles_w);
      float d[128];
      ring_product(ring, d, depths, half, thread);
      u32 upper = place.x + half * 64 + thread / 32 * 16 + thread % 32 / 4, lower = upper + 8;
#if FACTORS > 0
      u32 first, directions = directions_of(place, first);
      // What columns beyond the last get is not stored.
      u32 last = columns - 1, from_upper = upper < last ? upper : last, from_lower = lower < last ? lower : last;
      u32 of_upper = (from_upper / per_direction - first) * FACTOR_STRIDE, of_lower = (from_lower / per_direction - first) * FACTOR_STRIDE;
      if (directions == 0) of_upper = of_lower = 0;
      // Where the product was short, some are still to be brought.
      bring_factors(&next, noise, b, elements, inputs, outputs, place.w, first, directions, 0, FIT);
      barrier_arrive(&brought), barrier_wait(&brought, number++);
#pragma unroll 1
      for (u32 k = 0; k < FACTORS; ++k) {
        if (k > 0 && k % FIT == 0) {
          if (threadIdx.x == 128) next = 0;
          barrier_arrive(&together), barrier_wait(&together, rounds++);
          bring_factors(&next, noise, b, elements, inputs, outputs, place.w, first, directions, k,
                        k + FIT < FACTORS ? FIT : FACTORS - k);
          barrier_arrive(&together), barrier_wait(&together, rounds++);
        }
        float c_upper = k < RANKS ? t[(u64)from_upper * RANK + k] : scale_of(b, from_upper);
        float c_lower = k < RANKS ? t[(u64)from_lower * RANK + k] : scale_of(b, from_lower);
        const unsigned short *vectors = noise + k % FIT * (DIRECTIONS * FACTOR_STRIDE);
        add_factor(d, vectors + of_upper, vectors + of_lower, c_upper, c_lower);
      }
      // All have come by what is there to be brought when the noise is there.
      if (threadIdx.x == 128) next = 0;
      barrier_arrive(&taken);
#endif
      // Four neighbouring lanes have pairs of four times eight outputs: each stores eight in a row.
      u32 quad = thread % 4;
#pragma unroll
      for (u32 j = 0; j < 32; j += 4) {
        u32 words[2][4];
#pragma unroll
        for (u32 m = 0; m < 4; ++m) {
          u32 o = place.w + 8 * (j + m) + quad * 2;
          bool first_there = o < outputs, second_there = o + 1 < outputs;
          float one = first_there ? bias[o] : 0.0f, two = second_there ? bias[o + 1] : 0.0f;
#pragma unroll
          for (u32 i = 0; i < 2; ++i) {
            float a = first_there ? activated(d[4 * (j + m) + 2 * i] + one) : 0.0f;
            float b = second_there ? activated(d[4 * (j + m) + 2 * i + 1] + two) : 0.0f;
            words[i][m] = (u32)to_value(a) | (u32)to_value(b) << 16;
          }
        }
        u32 o = place.w + 8 * (j + quad);
#pragma unroll
        for (u32 i = 0; i < 2; ++i) {
          u32 column = upper + 8 * i, (&of)[4] = words[i];
          transpose_quad(of, quad);
          if (column < columns && o < y_stride) *(uint4 *)(y + (u64)column * y_stride + o) = make_uint4(of[0], of[1], of[2], of[3]);
        }
        if (j % 8 == 4) keep_order();
      }
    }
  }
  // No block may end while another of its cluster still copies to it.
  cluster_sync();
}
