// Passes over long vectors. Twins: `update/clip.rs` of the engine and plain loops, same bits.

// Sums of squares of chunks of 4096 values: eight running sums each, of the values with the same remainder by eight, added up in order.
// Thread (x, y) of a block is running sum x of chunk y. Grid: chunks / 16. Bytes: 4 per value.
extern "C" __global__ void __launch_bounds__(128)
    sums_of_squares(const float *__restrict__ values, u64 count, double *__restrict__ sums) {
  __shared__ double partial[16][8];
  u64 chunk = (u64)blockIdx.x * 16 + threadIdx.y, first = chunk * 4096, end = first + 4096 < count ? first + 4096 : count;
  double sum = 0.0;
  for (u64 e = first + threadIdx.x; e < end; e += 8) {
    double v = (double)values[e];
    sum += v * v;
  }
  partial[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x == 0 && first < count) {
    double total = 0.0;
    for (int k = 0; k < 8; ++k) total += partial[threadIdx.y][k];
    sums[chunk] = total;
  }
}

// values *= factor, the product in double precision. Grid: values.
extern "C" __global__ void __launch_bounds__(256) scale(float *__restrict__ values, u64 count, double factor) {
  u64 e = (u64)blockIdx.x * blockDim.x + threadIdx.x;
  if (e < count) values[e] = (float)((double)values[e] * factor);
}

// out = a - b. Grid: values.
extern "C" __global__ void __launch_bounds__(256)
    subtract(const float *__restrict__ a, const float *__restrict__ b, u64 count, float *__restrict__ out) {
  u64 e = (u64)blockIdx.x * blockDim.x + threadIdx.x;
  if (e < count) out[e] = a[e] - b[e];
}

// to = from. Grid: values.
extern "C" __global__ void __launch_bounds__(256) copy_values(const float *__restrict__ from, u64 count, float *__restrict__ to) {
  u64 e = (u64)blockIdx.x * blockDim.x + threadIdx.x;
  if (e < count) to[e] = from[e];
}
