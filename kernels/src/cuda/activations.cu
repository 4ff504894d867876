// Passes over activations: layer norm, and to and from plain f32.

// Layer norm of each column, in place: mean 0, variance 1, then the member's own weight and bias if `weight` is there, then the activation.
// A block has 32 columns, each summed by one thread in the order of the features. Twin: `activation::normalise`, `layer_norm::apply`.
extern "C" __global__ void __launch_bounds__(128)
    normalise(Value *__restrict__ y, u32 stride, u32 features, const float *__restrict__ weight, const float *__restrict__ bias,
              u32 perturbed, BLOCK_PARAMETERS) {
  __shared__ float tile[32][33], means[32], scales[32];
  Block b = BLOCK_ARGUMENTS;
  u32 columns = b.directions * b.halves * b.rows, first_column = blockIdx.x * 32;
  u32 lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const float share = 1.0f / (float)features;
  float mean = 0.0f, variance = 0.0f;
  for (u32 pass = 0; pass < 2; ++pass) {
    for (u32 first = 0; first < features; first += 32) {
      for (u32 row = warp; row < 32; row += 4) {
        u32 c = first_column + row;
        bool inside = c < columns && first + lane < features;
        tile[row][lane] = inside ? to_float(y[(u64)c * stride + first + lane]) : 0.0f;
      }
      __syncthreads();
      u32 length = features - first < 32 ? features - first : 32;
      if (warp == 0)
        for (u32 i = 0; i < length; ++i) {
          float v = tile[lane][i];
          if (pass == 0) mean += v;
          else variance = fma32(v - mean, v - mean, variance);
        }
      __syncthreads();
    }
    if (pass == 0) mean *= share;
  }
  if (warp == 0) {
    means[lane] = mean;
    scales[lane] = 1.0f / __fsqrt_rn(variance * share + 1e-5f);
  }
  __syncthreads();
  for (u32 row = warp; row < 32; row += 4) {
    u32 c = first_column + row;
    if (c >= columns) break;
    u32 d = c / (b.halves * b.rows);
    float m = means[row], s = scales[row], scale = scale_of(b, c);
    for (u32 f = lane; f < features; f += 32) {
      float v = (to_float(y[(u64)c * stride + f]) - m) * s;
      if (weight) {
        float w = weight[f], e = bias[f];
        if (perturbed) {
          w = fma32(scale, b.slab[(u64)d * features + f], w);
          e = fma32(scale, b.bias_slab[(u64)d * features + f], e);
        }
        v = v * w + e;
      }
      y[(u64)c * stride + f] = to_value(activated(v));
    }
  }
}

// Values of the centre (rows, cols) to (rows, stride), ends zero.
extern "C" __global__ void __launch_bounds__(256)
    spread(const float *__restrict__ from, u32 rows, u32 cols, u32 stride, Value *__restrict__ to) {
  u64 at = (u64)blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= (u64)rows * stride) return;
  u32 row = (u32)(at / stride), col = (u32)(at % stride);
  to[at] = col < cols ? to_value(from[(u64)row * cols + col]) : (Value)0;
}

// And back: values (rows, stride) to f32 (rows, cols).
extern "C" __global__ void __launch_bounds__(256)
    gather(const Value *__restrict__ from, u32 rows, u32 cols, u32 stride, float *__restrict__ to) {
  u64 at = (u64)blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= (u64)rows * cols) return;
  to[at] = to_float(from[at / cols * stride + at % cols]);
}
