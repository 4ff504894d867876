// Included before a .cu source, so that a C++ compiler builds the same source for the processor.
//
// One fiber per CUDA thread, one block at a time. A fiber that comes to a barrier or to a warp shuffle yields; all go on
// when the whole block, or the whole warp, has come. A barrier that only some threads reach stops the program
// with the number of the block. Not covered: occupancy, real scheduling, asynchronous copies.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <tuple>
#include <ucontext.h>
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

namespace emu {
enum State { RUN, AT_BLOCK, AT_WARP, DONE };
struct Fiber { ucontext_t context; dim3 tid; unsigned lane, warp; State state; };
inline dim3 grid, block, bid;
inline Fiber *self;
inline ucontext_t scheduler;
inline std::vector<Fiber> fibers;
inline std::vector<char> stacks;
inline uint64_t exchange[32][32];
inline std::vector<uint64_t> dynamic;
inline void (*body)(void *);
inline void *argument;
constexpr size_t STACK = 96 << 10;

inline void wait(State state) {
  self->state = state;
  Fiber *me = self;
  swapcontext(&me->context, &scheduler);
}
inline void start() {
  body(argument);
  wait(DONE);
}
template <class T> inline T shuffle(T value, unsigned from) {
  static_assert(sizeof(T) <= 8, "shuffles of up to 8 bytes");
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  exchange[self->warp][self->lane] = bits;
  wait(AT_WARP);
  bits = exchange[self->warp][from & 31];
  wait(AT_WARP);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}
// Shows up to 64 bytes of each lane to its warp, until `shared_done`.
inline char shown[32][32][64];
inline void share(const void *bytes, size_t count) {
  std::memcpy(shown[self->warp][self->lane], bytes, count);
  wait(AT_WARP);
}
inline const void *shared_of(unsigned lane) { return shown[self->warp][lane]; }
inline void shared_done() { wait(AT_WARP); }
// Lets the fibers of a group that all wait go on; true if there were any.
inline bool release(unsigned first, unsigned end, State state) {
  unsigned waiting = 0, live = 0;
  for (unsigned t = first; t < end; ++t) waiting += fibers[t].state == state, live += fibers[t].state != DONE;
  if (waiting == 0 || waiting < live) return false;
  for (unsigned t = first; t < end; ++t)
    if (fibers[t].state == state) fibers[t].state = RUN;
  return true;
}
inline void run_block() {
  unsigned n = block.x * block.y * block.z;
  for (unsigned t = 0; t < n; ++t) {
    Fiber &f = fibers[t];
    getcontext(&f.context);
    f.context.uc_stack.ss_sp = stacks.data() + t * STACK;
    f.context.uc_stack.ss_size = STACK;
    f.context.uc_link = nullptr;
    f.tid = dim3{t % block.x, (t / block.x) % block.y, t / (block.x * block.y)};
    f.lane = t & 31, f.warp = t >> 5, f.state = RUN;
    makecontext(&f.context, start, 0);
  }
  for (;;) {
    bool ran = false, live = false;
    for (unsigned t = 0; t < n; ++t) {
      Fiber &f = fibers[t];
      if (f.state == RUN) {
        self = &f;
        swapcontext(&scheduler, &f.context);
        ran = true;
      }
      live |= f.state != DONE;
    }
    if (!live) return;
    for (unsigned w = 0; w < n; w += 32) ran |= release(w, std::min(n, w + 32), AT_WARP);
    ran |= release(0, n, AT_BLOCK);
    if (!ran) {
      std::fprintf(stderr, "divergent barrier in block (%u, %u, %u)\n", bid.x, bid.y, bid.z);
      std::abort();
    }
  }
}
inline void launch(const unsigned *g, const unsigned *b, unsigned shared_bytes, void (*f)(void *), void *a) {
  grid = dim3{g[0], g[1], g[2]}, block = dim3{b[0], b[1], b[2]}, body = f, argument = a;
  unsigned n = block.x * block.y * block.z;
  if (fibers.size() < n) fibers.resize(n), stacks.resize(n * STACK);
  dynamic.assign(shared_bytes / 8 + 2, 0x7FF4DEAD7FF4DEADull);
  for (bid.z = 0; bid.z < grid.z; ++bid.z)
    for (bid.y = 0; bid.y < grid.y; ++bid.y)
      for (bid.x = 0; bid.x < grid.x; ++bid.x) run_block();
}
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
  }

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
inline int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
template <class T> inline T __ldg(const T *p) { return *p; }
template <class T> inline T atomicAdd(T *p, T v) { T old = *p; *p += v; return old; }
template <class T> inline T atomicMax(T *p, T v) { T old = *p; *p = std::max(old, v); return old; }
inline void __threadfence() {}
using std::max;
using std::min;
