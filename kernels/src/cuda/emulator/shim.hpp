// Included before a .cu source, so that a C++ compiler builds the same source for the processor.
//
// The threads of a block are fibers, or threads of the system for sanitizers: `fibers.hpp`, `threads.hpp`. Blocks come one after
// the other. Not covered: occupancy, real scheduling, asynchronous copies.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <tuple>
#include <utility>
#include <vector>

#define HATCHERY_EMULATED 1
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __shared__ static
#define __constant__ static
#define __grid_constant__
#define __launch_bounds__(...)
#define __align__(n) alignas(n)

struct dim3 { unsigned x, y, z; };
struct uint2 { unsigned x, y; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

#ifdef HATCHERY_THREADS
#include "threads.hpp"
#else
#include "fibers.hpp"
#endif

namespace emu {
template <class... A> struct Call {
  void (*kernel)(A...);
  void **arguments;
  template <size_t... I> void at(std::index_sequence<I...>) { kernel(*static_cast<A *>(arguments[I])...); }
  static void run(void *self) { static_cast<Call *>(self)->at(std::index_sequence_for<A...>()); }
};
template <class... A>
void launch(void (*kernel)(A...), const unsigned *g, const unsigned *b, unsigned shared_bytes, void **arguments) {
  Call<A...> call{kernel, arguments};
  launch(g, b, shared_bytes, &Call<A...>::run, &call);
}
} // namespace emu

// What the host asks for: `emulated_NAME` launches the kernel NAME.
#define EMULATED_KERNEL(name)                                                                                            \
  extern "C" void emulated_##name(const unsigned *g, const unsigned *b, unsigned shared_bytes, void **arguments) {       \
    emu::launch(name, g, b, shared_bytes, arguments);                                                                    \
  }                                                                                                                      \
  EMULATED_LISTED(name)
#ifdef HATCHERY_THREADS
#define EMULATED_LISTED(name) static emu::Listed listed_##name(#name, emulated_##name);
#else
#define EMULATED_LISTED(name)
#endif

#define threadIdx (::emu::self->tid)
#define blockIdx (::emu::bid)
#define blockDim (::emu::block)
#define gridDim (::emu::grid)
inline void __syncthreads() { emu::wait(emu::AT_BLOCK); }
inline void __syncwarp(unsigned = 0xFFFFFFFFu) { emu::wait(emu::AT_WARP); }
template <class T> inline T __shfl_sync(unsigned, T v, int lane) { return emu::shuffle(v, lane); }
template <class T> inline T __shfl_xor_sync(unsigned, T v, int mask) { return emu::shuffle(v, emu::self->lane ^ mask); }
template <class T> inline T __shfl_down_sync(unsigned, T v, unsigned d) {
  unsigned lane = emu::self->lane;
  return emu::shuffle(v, lane + d < 32 ? lane + d : lane);
}
inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)(((uint64_t)a * b) >> 32); }
inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline double __fma_rn(double a, double b, double c) { return __builtin_fma(a, b, c); }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline double __dsqrt_rn(double a) { return std::sqrt(a); }
template <class To, class From> inline To emu_bits(From from) {
  To to;
  std::memcpy(&to, &from, sizeof(To));
  return to;
}
inline unsigned __float_as_uint(float x) { return emu_bits<unsigned>(x); }
inline float __uint_as_float(unsigned x) { return emu_bits<float>(x); }
inline long long __double_as_longlong(double x) { return emu_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return emu_bits<double>(x); }
inline int __reduce_add_sync(unsigned, int v) {
  int sum = 0;
  emu::share(&v, sizeof(v));
  for (unsigned lane = 0; lane < 32; ++lane) {
    std::memcpy(&v, emu::shared_of(lane), sizeof(v));
    sum += v;
  }
  emu::shared_done();
  return sum;
}
// The sum of four products of bytes with signs, and c.
inline int __dp4a(int a, int b, int c) {
  for (int k = 0; k < 32; k += 8) c += (signed char)(a >> k) * (signed char)(b >> k);
  return c;
}
inline int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
inline unsigned atomicAdd(unsigned *at, unsigned more) { return __atomic_fetch_add(at, more, __ATOMIC_RELAXED); }
template <class T> inline T __ldg(const T *p) { return *p; }
inline void __threadfence() {}
using std::max;
using std::min;
