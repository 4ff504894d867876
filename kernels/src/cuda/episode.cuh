// What an environment draws its starting state from: the address of one episode. Twin of `Start`.
#pragma once

struct Start {
  Stream at;
  u32 pair;

  // Uniform number k, strictly between 0 and 1.
  __device__ __forceinline__ double uniform(u32 k) const { return ::uniform(at, pair, 0, k); }
  // Uniform number k, strictly between `low` and `high`.
  __device__ __forceinline__ double uniform_in(u32 k, double low, double high) const {
    return low + (high - low) * uniform(k);
  }
  // A whole number below `count`, from uniform number k.
  __device__ __forceinline__ int below(u32 k, int count) const { return (int)(uniform(k) * (double)count); }
};

__device__ __forceinline__ double clamp64(double x, double low, double high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}
__device__ __forceinline__ float clamp32(float x, float low, float high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}
