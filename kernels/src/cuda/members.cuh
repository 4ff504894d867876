// What kernels of layers share: numbers of activations, neighbouring members, their noise.
//
// Values are f32, or bf16 with PRECISION_BF16. KIND, RANK and ACTIVATION are defined before; NOISE_DRAWN says that factors are drawn
// where they are used and not read.
#pragma once

#define NO_NOISE 0
#define LOW_RANK 1
#define DENSE 2
#define SPARSE 3

#define NONE 0
#define TANH 1
#define RELU 2
#define GELU 3

#ifdef PRECISION_BF16
typedef unsigned short Value;
__device__ __forceinline__ float to_float(Value v) { return bf16_value(v); }
__device__ __forceinline__ Value to_value(float v) { return bf16_bits(v); }
#else
typedef float Value;
__device__ __forceinline__ float to_float(Value v) { return v; }
__device__ __forceinline__ Value to_value(float v) { return v; }
#endif

// Neighbouring members: what names them, and where their noise is. `slab` is (directions, elements) of the tensor; `bias_slab` of
// its bias.
struct Block {
  u32 directions, halves, rows, first_direction;
  float sigma;
  u32 baseline_group;
  u32 key0, key1, generation, layer, bias_layer;
  const float *slab, *bias_slab;
};

#define BLOCK_PARAMETERS                                                                                                   \
  u32 directions, u32 halves, u32 rows, u32 first_direction, float sigma, u32 baseline_group, u32 key0, u32 key1,         \
      u32 generation, u32 layer, u32 bias_layer, const float *__restrict__ slab, const float *__restrict__ bias_slab
#define BLOCK_ARGUMENTS                                                                                                    \
  Block { directions, halves, rows, first_direction, sigma, baseline_group, key0, key1, generation, layer, bias_layer, slab, bias_slab }

// s sigma of a column.
__device__ __forceinline__ float scale_of(const Block &b, u32 column) {
  u32 half = column / b.rows % b.halves, member = b.first_direction * b.halves + column / b.rows;
  float sign = half == 0 ? 1.0f : -1.0f;
  if (b.baseline_group > 0 && member % b.baseline_group < 2) sign = 0.0f;
  return sign * b.sigma;
}

__device__ __forceinline__ float activated(float x) {
#if ACTIVATION == TANH
  return tanh32(x);
#elif ACTIVATION == RELU
  return x > 0.0f ? x : 0.0f;
#elif ACTIVATION == GELU
  return gelu32(x);
#else
  return x;
#endif
}

// PER_BLOCK numbers of a tensor's noise for direction d of the block, from element `element`, a multiple of PER_BLOCK, on; those at
// `end` and beyond may be anything.
__device__ __forceinline__ void factors(const Block &b, u32 layer, const float *__restrict__ slab, u32 elements, u32 d,
                                        u32 element, u32 end, float (&z)[PER_BLOCK]) {
#ifdef NOISE_DRAWN
  deviates(philox(Stream{b.key0, b.key1, b.generation, layer}, b.first_direction + d, element / PER_BLOCK), z);
#else
  const float *from = slab + (u64)d * elements + element;
  if (elements % 4 == 0 && element + PER_BLOCK <= elements) {
#pragma unroll
    for (int e = 0; e < PER_BLOCK; e += 4) {
      float4 four = *(const float4 *)(from + e);
      z[e] = four.x, z[e + 1] = four.y, z[e + 2] = four.z, z[e + 3] = four.w;
    }
    return;
  }
#pragma unroll
  for (int e = 0; e < PER_BLOCK; ++e) z[e] = element + e < end ? from[e] : 0.0f;
#endif
}
