// The fitness of the bench: a fixed linear function of a member's bf16 outputs, even features minus odd ones. A warp has one
// member. Grid: members / 4.
extern "C" __global__ void __launch_bounds__(128)
    linear_fitness(const unsigned short *__restrict__ y, u32 stride, u32 members, u32 rows, u32 width, float *__restrict__ fitness) {
  u32 member = blockIdx.x * 4 + threadIdx.x / 32, lane = threadIdx.x % 32;
  if (member >= members) return;
  float sum = 0.0f;
  for (u32 row = 0; row < rows; ++row) {
    const u32 *of = (const u32 *)(y + ((u64)member * rows + row) * stride);
    for (u32 pair = lane; pair < width / 2; pair += 32) {
      u32 bits = of[pair];
      sum += __uint_as_float(bits << 16) - __uint_as_float(bits & 0xFFFF0000u);
    }
  }
#pragma unroll
  for (int mask = 16; mask > 0; mask /= 2) sum += __shfl_xor_sync(0xFFFFFFFFu, sum, mask);
  if (lane == 0) fitness[member] = sum;
}
