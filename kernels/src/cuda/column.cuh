// Layers of one column: a thread's own forward pass, member noise included. Twin of `cpu/forward.rs`, `cpu/vector.rs`.
//
// A thread holds the activations of one member and one row. Mean parameters are the same for all threads and lie in shared
// memory where they fit: matrices with the outputs contiguous and padded to fours, so that a warp reads one word for
// all and each thread four at once. Noise is `(elements, directions)` in global memory, drawn before: neighbouring threads are
// neighbouring directions. Sums run over the inputs in order, from zero, as on the CPU: same bits.
//
// Per column, layer and rank r: 2 IN OUT + 2 r (IN + OUT) operations and 4 r (IN + OUT) bytes of noise.
#pragma once

// What makes a column a member: noise (at its direction), elements between two numbers of one direction, s sigma.
struct Member {
  const float *noise;
  u64 stride;
  float scale;
};

enum NoiseKind { NO_NOISE, LOW_RANK, DENSE, SPARSE };

__device__ __forceinline__ float noise_at(const Member &m, u32 element) { return m.noise[element * m.stride]; }

// x rounded to the nearest bf16, ties to even.
__device__ __forceinline__ float round_bf16(float x) {
  u32 bits = __float_as_uint(x);
  return __uint_as_float((bits + 0x7FFFu + ((bits >> 16) & 1u)) & 0xFFFF0000u);
}

// A vector's value e: v + s sigma noise.
template <NoiseKind KIND>
__device__ __forceinline__ float perturbed(const Member &m, const float *__restrict__ values, u32 noise, u32 e) {
  float v = values[e];
  return KIND == DENSE ? fma32(m.scale, noise_at(m, noise + e), v) : v;
}

// Outputs FIRST .. FIRST + COUNT of a layer.
template <int IN, int OUT, int COUNT, NoiseKind KIND, int RANK, NoiseKind BIAS>
__device__ __forceinline__ void outputs(const Member &m, int first, const float *__restrict__ w, const float *__restrict__ b,
                                        u32 noise_w, u32 noise_b, const float *x, const float *x_product, const float *t,
                                        float *y) {
  constexpr int PADDED = (OUT + 3) / 4 * 4;
  float sums[COUNT];
#pragma unroll
  for (int o = 0; o < COUNT; ++o) sums[o] = 0.0f;
#ifdef PRECISION_BF16
  // Two inputs at a time, the second one first, as the processor's instruction.
#pragma unroll 4
  for (int i = 0; i < IN; i += 2) {
#pragma unroll
    for (int o = 0; o < COUNT; ++o) {
      if (i + 1 < IN) sums[o] = fma32(w[(i + 1) * PADDED + first + o], x_product[i + 1], sums[o]);
      sums[o] = fma32(w[i * PADDED + first + o], x_product[i], sums[o]);
    }
  }
#else
#pragma unroll 8
  for (int i = 0; i < IN; ++i) {
#pragma unroll
    for (int o = 0; o < COUNT; ++o) sums[o] = fma32(w[i * PADDED + first + o], x_product[i], sums[o]);
  }
#endif
  if (KIND == DENSE) {
#pragma unroll
    for (int o = 0; o < COUNT; ++o) {
      float own = 0.0f;
#pragma unroll 8
      for (int i = 0; i < IN; ++i) own = fma32(noise_at(m, noise_w + (first + o) * IN + i), x[i], own);
      sums[o] = fma32(m.scale, own, sums[o]);
    }
  }
#pragma unroll
  for (int o = 0; o < COUNT; ++o) {
    float sum = sums[o] + b[first + o];
    if (BIAS == DENSE) sum = fma32(m.scale, noise_at(m, noise_b + first + o), sum);
    if (KIND == LOW_RANK) {
#pragma unroll
      for (int k = 0; k < RANK; ++k) sum = fma32(t[k], noise_at(m, noise_w + RANK * pad(IN) + k * pad(OUT) + first + o), sum);
    }
    y[first + o] = sum;
  }
}

// y = x (W + s sigma E)^T + b. `w` is (IN, OUT padded); numbers of its noise begin at element `noise_w`: B then A, or E.
template <int IN, int OUT, NoiseKind KIND, int RANK, NoiseKind BIAS>
__device__ __forceinline__ void linear(const Member &m, const float *__restrict__ w, const float *__restrict__ b, u32 noise_w,
                                       u32 noise_b, const float (&x)[IN], float (&y)[OUT]) {
  float t[RANK > 0 ? RANK : 1];
  if (KIND == LOW_RANK) {
    const float share = 1.0f / __fsqrt_rn((float)RANK);
#pragma unroll
    for (int k = 0; k < RANK; ++k) {
      float sum = 0.0f;
#pragma unroll 8
      for (int i = 0; i < IN; ++i) sum = fma32(noise_at(m, noise_w + k * pad(IN) + i), x[i], sum);
      t[k] = sum * (m.scale * share);
    }
  }
#ifdef PRECISION_BF16
  float rounded[IN];
#pragma unroll 8
  for (int i = 0; i < IN; ++i) rounded[i] = round_bf16(x[i]);
  const float *x_product = rounded;
#else
  const float *x_product = x;
#endif
  constexpr int TILE = 8, FULL = OUT / TILE * TILE, REST = OUT - FULL;
#pragma unroll 1
  for (int first = 0; first < FULL; first += TILE)
    outputs<IN, OUT, TILE, KIND, RANK, BIAS>(m, first, w, b, noise_w, noise_b, x, x_product, t, y);
  if constexpr (REST > 0)
    outputs<IN, OUT, REST, KIND, RANK, BIAS>(m, FULL, w, b, noise_w, noise_b, x, x_product, t, y);
  if (KIND == SPARSE) {
    constexpr int ENTRIES = IN > OUT ? IN : OUT;
    for (int entry = 0; entry < ENTRIES; ++entry) {
      u32 place = __float_as_uint(noise_at(m, noise_w + ENTRIES + entry));
      float scale = m.scale * noise_at(m, noise_w + entry);
      y[place / IN] = fma32(scale, x[place % IN], y[place / IN]);
    }
  }
}

// x to mean 0 and variance 1. Twin of `activation::normalise`.
template <int N> __device__ __forceinline__ void normalise(float (&x)[N]) {
  const float share = 1.0f / (float)N;
  float mean = 0.0f, variance = 0.0f;
#pragma unroll 8
  for (int i = 0; i < N; ++i) mean += x[i];
  mean *= share;
#pragma unroll 8
  for (int i = 0; i < N; ++i) variance = fma32(x[i] - mean, x[i] - mean, variance);
  variance = 1.0f / __fsqrt_rn(variance * share + 1e-5f);
#pragma unroll 8
  for (int i = 0; i < N; ++i) x[i] = (x[i] - mean) * variance;
}

// Layer norm with each member's own weight and bias.
template <int N, NoiseKind KIND>
__device__ __forceinline__ void layer_norm(const Member &m, const float *__restrict__ w, const float *__restrict__ b,
                                           u32 noise_w, u32 noise_b, float (&x)[N]) {
  normalise(x);
#pragma unroll 8
  for (int i = 0; i < N; ++i) x[i] = x[i] * perturbed<KIND>(m, w, noise_w, i) + perturbed<KIND>(m, b, noise_b, i);
}

struct Tanh { static __device__ __forceinline__ float of(float x) { return tanh32(x); } };
struct Relu { static __device__ __forceinline__ float of(float x) { return x > 0.0f ? x : 0.0f; } };
struct Gelu { static __device__ __forceinline__ float of(float x) { return gelu32(x); } };

template <class F, int N> __device__ __forceinline__ void activate(float (&x)[N]) {
#pragma unroll 8
  for (int i = 0; i < N; ++i) x[i] = F::of(x[i]);
}
