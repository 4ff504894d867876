// A product of large matrices by blocks that stay: d (128, 256) += x w^T, both read as tiles into a ring of stages in shared memory by
// one thread, and multiplied by two warpgroups with 64 rows each. CLUSTER blocks have neighbouring rows of x and the same of w, of
// which each brings its share for all of them.
#pragma once

#define STAGES 4
#define DEPTH 64
#define TILE_X 128
#define TILE_W 256
#define X_BYTES (TILE_X * DEPTH * 2)
#define W_BYTES (TILE_W * DEPTH * 2)
#define STAGE_BYTES (X_BYTES + W_BYTES)
#define RING_BYTES (STAGES * STAGE_BYTES)
// Registers of threads that copy and that multiply.
#define FEW 64
#define MANY 216
// Tiles of x that are made together, so that those of w come from the cache for all but the first of them.
#define GROUP 16
#if CLUSTER > 1 && defined(__CUDA_ARCH__)
#define CLUSTERED __cluster_dims__(CLUSTER, 1, 1)
#else
#define CLUSTERED
#endif

struct Ring {
  char *stages;
  Barrier *filled, *emptied;
  // Stages used so far: every thread that copies or multiplies counts for itself.
  u32 at;
};

// Dynamic shared memory from the first multiple of 1024 bytes on, where tiles must be.
__device__ __forceinline__ char *aligned(char *raw) { return raw + (1024 - (u64)raw % 1024) % 1024; }

// For one thread.
__device__ __forceinline__ void ring_init(const Ring &ring) {
  for (int s = 0; s < STAGES; ++s) barrier_init(&ring.filled[s], 1), barrier_init(&ring.emptied[s], 2 * CLUSTER);
}

// Has the tiles of one product brought: rows of x and w from these on, `depths` times 64 columns from `first` on. For one thread.
__device__ __forceinline__ void ring_fill(Ring &ring, const TileMap *x, const TileMap *w, u32 row_x, u32 row_w, u32 first, u32 depths) {
  u32 in_cluster = blockIdx.x % CLUSTER;
  for (u32 depth = 0; depth < depths; ++depth, ++ring.at) {
    u32 s = ring.at % STAGES, column = first + depth * DEPTH;
    char *stage = ring.stages + s * STAGE_BYTES;
    // The first round finds all stages empty.
    barrier_wait(&ring.emptied[s], ring.at / STAGES + 1);
    barrier_expect(&ring.filled[s], STAGE_BYTES);
    tile_load<false>(stage, x, &ring.filled[s], column, row_x, 1);
    tile_load<(CLUSTER > 1)>(stage + X_BYTES + in_cluster * (W_BYTES / CLUSTER), w, &ring.filled[s], column,
                             row_w + in_cluster * (TILE_W / CLUSTER), (1u << CLUSTER) - 1);
  }
}

// Which half of the rows a multiplying thread has: the same for a warp, and known to be.
__device__ __forceinline__ u32 ring_half() { return __shfl_sync(0xFFFFFFFFu, threadIdx.x / 128, 0) - 1; }

// The product, rows 64 `half` and following of it; `thread` of 128. The numbers of a thread: see `warpgroup_mma`.
__device__ __forceinline__ void ring_product(Ring &ring, float (&d)[128], u32 depths, u32 half, u32 thread) {
  u64 first_x = tile_at(ring.stages + half * (X_BYTES / 2)), first_w = tile_at(ring.stages + X_BYTES);
#pragma unroll
  for (int e = 0; e < 128; ++e) d[e] = 0.0f;
#pragma unroll 1
  for (u32 depth = 0; depth < depths; ++depth, ++ring.at) {
    u32 s = ring.at % STAGES;
    // In units of 16 bytes, as are 16 columns: 2.
    u64 x = first_x + s * (STAGE_BYTES >> 4), w = first_w + s * (STAGE_BYTES >> 4);
    barrier_wait(&ring.filled[s], ring.at / STAGES);
    warpgroup_begin();
#pragma unroll
    for (u32 k = 0; k < DEPTH / 16; ++k) warpgroup_mma(d, x + k * 2, w + k * 2);
    warpgroup_commit();
    // When only this group is under way, the stage before has been read.
    warpgroup_wait<1>();
    if (depth > 0 && thread < CLUSTER) barrier_arrive_at(&ring.emptied[(ring.at - 1) % STAGES], thread);
  }
  warpgroup_wait<0>();
  if (thread < CLUSTER) barrier_arrive_at(&ring.emptied[(ring.at - 1) % STAGES], thread);
}

// First row of x and of w of tile `at`, of all in the order they are made in: `clusters_x` clusters of tiles of x, `tiles_w` of w.
struct Place { u32 x, w; };
__device__ __forceinline__ Place place_of(u32 at, u32 clusters_x, u32 tiles_w) {
  const u32 group = GROUP / CLUSTER;
  u32 first = at / (group * tiles_w) * group, width = clusters_x - first < group ? clusters_x - first : group;
  at %= group * tiles_w;
  return Place{((first + at % width) * CLUSTER + blockIdx.x % CLUSTER) * TILE_X, at / width * TILE_W};
}
__device__ __forceinline__ u32 clusters_of(u32 rows_x) { return (rows_x + TILE_X * CLUSTER - 1) / (TILE_X * CLUSTER); }
