// Arithmetic of the integer language model: the twin of `int8/`. All sums are exact, so that their order does not matter.
#pragma once

// v held to -127..=127.
__device__ __forceinline__ int saturate(int v) {
  v = v < 127 ? v : 127;
  return v > -127 ? v : -127;
}

// v / DIVISOR, rounded down.
template <int DIVISOR> __device__ __forceinline__ int floored(int v) {
  if ((DIVISOR & (DIVISOR - 1)) == 0) {
    int bits = 0;
#pragma unroll
    for (int d = DIVISOR; d > 1; d >>= 1) ++bits;
    return v >> bits;
  }
  int quotient = v / DIVISOR;
  return quotient - (v < quotient * DIVISOR ? 1 : 0);
}

// (a b) >> bits, where the product wraps as on the CPU.
__device__ __forceinline__ int shifted_product(int a, int b, u32 bits) { return (int)((u32)a * (u32)b) >> bits; }

// Byte `k` of a word, with its sign; four bytes to a word.
__device__ __forceinline__ int byte_of(u32 word, int k) { return (int)(signed char)(word >> (8 * k)); }
__device__ __forceinline__ u32 word_of(int b0, int b1, int b2, int b3) {
  return (u32)(b0 & 255) | (u32)(b1 & 255) << 8 | (u32)(b2 & 255) << 16 | (u32)b3 << 24;
}
__device__ __forceinline__ u32 load_word(const signed char *at) { return *(const u32 *)at; }
__device__ __forceinline__ void store_word(signed char *at, u32 word) { *(u32 *)at = word; }

// Eight numbers that lie side by side.
struct Eight { int v[8]; };
__device__ __forceinline__ Eight load_eight(const signed char *at) {
  uint2 words = *(const uint2 *)at;
  Eight e;
#pragma unroll
  for (int k = 0; k < 8; ++k) e.v[k] = byte_of(k < 4 ? words.x : words.y, k % 4);
  return e;
}
__device__ __forceinline__ void store_eight(signed char *at, const Eight &e) {
  *(uint2 *)at = make_uint2(word_of(e.v[0], e.v[1], e.v[2], e.v[3]), word_of(e.v[4], e.v[5], e.v[6], e.v[7]));
}

// Asks for memory that will be read soon; a processor needs no asking.
__device__ __forceinline__ void soon_in_l2(const signed char *at) {
#if defined(__CUDA_ARCH__)
  asm volatile("prefetch.global.L2 [%0];" ::"l"(at));
#endif
}

// What a row is divided by in layer norm, as a multiplier and a shift: see `layer_norm.rs`.
struct Reciprocal { int offset; u32 multiplier, shift; };
__device__ __forceinline__ Reciprocal reciprocal(u32 mean) {
  u32 shift = 31u - (u32)__clz((int)mean), multiplier = (1u << (16 + shift)) / mean;
  return Reciprocal{128 * (int)mean, multiplier < 0xFFFFu ? multiplier : 0xFFFFu, shift};
}
// The quotient of a product of two numbers from -127 to 127, saturated.
__device__ __forceinline__ int quotient(int numerator, const Reciprocal &by) {
  int positive = (numerator > -by.offset ? numerator : -by.offset) + by.offset;
  return saturate((int)((((u32)positive + 1u) * by.multiplier >> 16) >> by.shift) - 128);
}

// LOG2(sum) in sixteenths; `powers` is 2^(f/16) in 2^-40: see `loss.rs`.
__device__ __forceinline__ int log2_sixteenths(u32 sum, const u64 *powers) {
  int octave = 31 - __clz((int)sum), sixteenths = 15;
  u64 mantissa = (u64)sum << (40 - octave);
  while (sixteenths > 0 && powers[sixteenths] >= mantissa) --sixteenths;
  return 16 * (octave - 4) + sixteenths;
}

// d += a b for a 16x32 (rows), b 32x8 (columns) of bytes with signs, d 16x8. Lane l holds rows l/4 (a0, a2) and l/4 + 8 (a1, a3), bytes
// 4 (l%4) to 4 (l%4) + 3, of a2 and a3 16 bytes on; of b column l/4 likewise; of d columns 2 (l%4) and the next.
__device__ __forceinline__ void mma_int8(int (&d)[4], u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
#if defined(__CUDA_ARCH__)
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
               : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
#else
  u32 mine[6] = {a0, a1, a2, a3, b0, b1};
  emu::share(mine, sizeof(mine));
  int group = emu::self->lane / 4, thread = emu::self->lane % 4;
  for (int from = 0; from < 4; ++from) {
    const signed char *a = (const signed char *)emu::shared_of(4 * group + from);
    for (int column = 0; column < 2; ++column) {
      const signed char *b = (const signed char *)emu::shared_of(4 * (2 * thread + column) + from) + 16;
      for (int k = 0; k < 4; ++k) {
        d[column] += a[k] * b[k] + a[8 + k] * b[4 + k];
        d[2 + column] += a[4 + k] * b[k] + a[12 + k] * b[4 + k];
      }
    }
  }
  emu::shared_done();
#endif
}
