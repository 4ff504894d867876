// Noise by address: the twin of `noise/`. Same words, same deviates, to the bit.
#pragma once

struct Words { u32 w[4]; };
// The key of a stream, and the words of an address but its pair and block.
struct Stream { u32 key0, key1, generation, layer; };

// Philox4x32-10 at the counter (generation, pair, layer, block).
__device__ __forceinline__ Words philox(const Stream &at, u32 pair, u32 block) {
  u32 c0 = at.generation, c1 = pair, c2 = at.layer, c3 = block, k0 = at.key0, k1 = at.key1;
#pragma unroll
  for (int round = 0; round < 10; ++round) {
    u32 h0 = __umulhi(0xD2511F53u, c0), l0 = 0xD2511F53u * c0;
    u32 h1 = __umulhi(0xCD9E8D57u, c2), l1 = 0xCD9E8D57u * c2;
    c0 = h1 ^ c1 ^ k0; c1 = l1; c2 = h0 ^ c3 ^ k1; c3 = l0;
    k0 += 0x9E3779B9u; k1 += 0xBB67AE85u;
  }
  return Words{{c0, c1, c2, c3}};
}

// Two words to two standard normal deviates.
__device__ __forceinline__ void box_muller(u32 a, u32 b, float &z0, float &z1) {
  float u = ((float)(int)(a >> 9) + 0.5f) * 1.1920928955078125e-7f;
  float radius = __fsqrt_rn(-2.0f * ln_normal(u, 126.0f));
  float turn = (float)(int)(b << 2) * 2.3283064365386963e-10f;
  float s, c;
  sin_cos_octant(turn * 1.57079632679489661923f, s, c);
  rotate(s, c, b >> 30);
  z0 = radius * c;
  z1 = radius * s;
}

// The deviate of a byte in the distribution of 256 levels.
__device__ __forceinline__ float level(u32 byte) { return fma32((float)(int)byte, 2.0f, -255.0f) * 0.006765875f; }

// Numbers of a block: 4 normals or 16 levels. NOISE_UNIFORM chooses the distribution when the source is compiled.
#ifdef NOISE_UNIFORM
#define PER_BLOCK 16
#else
#define PER_BLOCK 4
#endif

__device__ __forceinline__ void deviates(const Words &words, float (&z)[PER_BLOCK]) {
#ifdef NOISE_UNIFORM
#pragma unroll
  for (int e = 0; e < 16; ++e) z[e] = level((words.w[e / 4] >> (8 * (e % 4))) & 0xFFu);
#else
  box_muller(words.w[0], words.w[1], z[0], z[1]);
  box_muller(words.w[2], words.w[3], z[2], z[3]);
#endif
}

// `n` rounded up to whole blocks.
__device__ __forceinline__ u32 pad(u32 n) { return (n + PER_BLOCK - 1) / PER_BLOCK * PER_BLOCK; }

// Uniform number `k` of an address, strictly between 0 and 1.
__device__ __forceinline__ double uniform(const Stream &at, u32 pair, u32 block, u32 k) {
  Words words = philox(at, pair, block + k / 4);
  return ((double)words.w[k % 4] + 0.5) / 4294967296.0;
}
__device__ __forceinline__ double uniform_in(const Stream &at, u32 pair, u32 k, double low, double high) {
  return low + (high - low) * uniform(at, pair, 0, k);
}
