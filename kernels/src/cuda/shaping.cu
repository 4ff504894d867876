// From fitness to the weight of each direction. Twin: `shaping.rs` of the engine and `fold` of EGGROLL, same bits.
//
// Sums are of f64, in chunks of 4096 members in their order; the host adds the sums of the chunks up.

// Sum over each chunk of f - mean, or of its square. A thread has one chunk. Grid: chunks.
extern "C" __global__ void __launch_bounds__(32)
    chunk_sums(const float *__restrict__ fitness, u32 members, double mean, u32 squared, double *__restrict__ sums) {
  u32 chunk = blockIdx.x * blockDim.x + threadIdx.x, first = chunk * 4096;
  if (first >= members) return;
  u32 end = members - first > 4096 ? first + 4096 : members;
  double sum = 0.0;
#pragma unroll 8
  for (u32 m = first; m < end; ++m) {
    double f = (double)fitness[m];
    sum += squared ? (f - mean) * (f - mean) : f;
  }
  sums[chunk] = sum;
}

// Utility (f - mean) factor. Grid: members.
extern "C" __global__ void __launch_bounds__(256)
    centred(const float *__restrict__ fitness, u32 members, double mean, double factor, float *__restrict__ utilities) {
  u32 m = blockIdx.x * blockDim.x + threadIdx.x;
  if (m < members) utilities[m] = (float)(((double)fitness[m] - mean) * factor);
}

// Which twin of a pair was better. Grid: members.
extern "C" __global__ void __launch_bounds__(256)
    signs_of_pairs(const float *__restrict__ fitness, u32 members, float *__restrict__ utilities) {
  u32 m = blockIdx.x * blockDim.x + threadIdx.x;
  if (m >= members) return;
  float own = fitness[m], twin = fitness[m ^ 1u];
  utilities[m] = own > twin ? 1.0f : own < twin ? -1.0f : 0.0f;
}

// A copy of the fitness with infinities behind it, for sorting: `padded` is a power of two. Grid: padded.
extern "C" __global__ void __launch_bounds__(256)
    pad_fitness(const float *__restrict__ fitness, u32 members, u32 padded, float *__restrict__ sorted) {
  u32 m = blockIdx.x * blockDim.x + threadIdx.x;
  if (m < padded) sorted[m] = m < members ? fitness[m] : __uint_as_float(0x7F800000u);
}

// One step of bitonic sorting: compares values `stride` apart within runs of `run`. Grid: values.
extern "C" __global__ void __launch_bounds__(256) sort_step(float *__restrict__ values, u32 padded, u32 run, u32 stride) {
  u32 a = blockIdx.x * blockDim.x + threadIdx.x, b = a ^ stride;
  if (a >= padded || b < a) return;
  float x = values[a], y = values[b];
  bool ascending = (a & run) == 0;
  if (ascending ? x > y : x < y) values[a] = y, values[b] = x;
}

// All steps with strides of 512 and less, in shared memory: of one run (`only`), or of all runs up to 1024. A block has 1024 values.
extern "C" __global__ void __launch_bounds__(512)
    sort_block(float *__restrict__ values, u32 padded, u32 run_first, u32 run_last, u32 stride_first) {
  __shared__ float shared[1024];
  u32 base = blockIdx.x * 1024;
  for (u32 k = threadIdx.x; k < 1024; k += 512) shared[k] = base + k < padded ? values[base + k] : 0.0f;
  __syncthreads();
  for (u32 run = run_first; run <= run_last; run *= 2) {
    for (u32 stride = stride_first < run / 2 ? stride_first : run / 2; stride > 0; stride /= 2) {
      u32 a = threadIdx.x / stride * stride * 2 + threadIdx.x % stride, b = a + stride;
      float x = shared[a], y = shared[b];
      bool ascending = ((base + a) & run) == 0;
      if (ascending ? x > y : x < y) shared[a] = y, shared[b] = x;
      __syncthreads();
    }
  }
  for (u32 k = threadIdx.x; k < 1024; k += 512)
    if (base + k < padded) values[base + k] = shared[k];
}

// Centred ranks: ties share the mean of theirs. Grid: members.
extern "C" __global__ void __launch_bounds__(256)
    ranks(const float *__restrict__ fitness, const float *__restrict__ sorted, u32 members, float *__restrict__ utilities) {
  u32 m = blockIdx.x * blockDim.x + threadIdx.x;
  if (m >= members) return;
  float f = fitness[m];
  u32 below = 0, end = members;
  while (below < end) {
    u32 middle = (below + end) / 2;
    if (sorted[middle] < f) below = middle + 1;
    else end = middle;
  }
  u32 not_above = below;
  end = members;
  while (not_above < end) {
    u32 middle = (not_above + end) / 2;
    if (sorted[middle] <= f) not_above = middle + 1;
    else end = middle;
  }
  double twice_rank = (double)((u64)below + not_above - 1), last = (double)(members - 1);
  double least = 2.0 * last;
  utilities[m] = (float)((twice_rank - last) / (least > 1.0 ? least : 1.0));
}

// Weight of each direction: scale times the signed utilities of its members. Grid: directions.
extern "C" __global__ void __launch_bounds__(256)
    fold_members(const float *__restrict__ utilities, u32 directions, u32 halves, u32 baseline_group, double scale,
                 float *__restrict__ weights) {
  u32 d = blockIdx.x * blockDim.x + threadIdx.x;
  if (d >= directions) return;
  double sum = 0.0;
  for (u32 half = 0; half < halves; ++half) {
    u32 m = d * halves + half;
    float sign = half == 0 ? 1.0f : -1.0f;
    if (baseline_group > 0 && m % baseline_group < 2) sign = 0.0f;
    double signed_utility = (double)(utilities[m] * sign);
    sum = half == 0 ? signed_utility : sum + signed_utility;
  }
  weights[d] = (float)(scale * sum);
}
