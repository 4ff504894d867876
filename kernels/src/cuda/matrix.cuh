// Steps of tensor cores and asynchronous copies, each with a branch that does the same on the processor.
#pragma once

// Bits of the nearest bf16, ties to even, and back.
__device__ __forceinline__ unsigned short bf16_bits(float x) {
  u32 bits = __float_as_uint(x);
  return (unsigned short)((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}
__device__ __forceinline__ float bf16_value(unsigned short bits) { return __uint_as_float((u32)bits << 16); }

#ifdef HATCHERY_EMULATED
#define DYNAMIC_SHARED(type, name) type *name = (type *)emu::dynamic.data()
#else
#define DYNAMIC_SHARED(type, name) extern __shared__ __align__(16) type name[]
#endif

// 16 bytes from global to shared memory, or zeros.
__device__ __forceinline__ void copy_async(void *shared, const void *global, bool valid) {
#if defined(__CUDA_ARCH__)
  u32 to = (u32)__cvta_generic_to_shared(shared), bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(bytes));
#else
  if (valid) memcpy(shared, global, 16);
  else memset(shared, 0, 16);
#endif
}
__device__ __forceinline__ void copy_commit() {
#if defined(__CUDA_ARCH__)
  asm volatile("cp.async.commit_group;");
#endif
}
// Waits until at most N groups of copies are under way.
template <int N> __device__ __forceinline__ void copy_wait() {
#if defined(__CUDA_ARCH__)
  asm volatile("cp.async.wait_group %0;" ::"n"(N));
#endif
}

// Four 8x8 matrices of 16-bit numbers; lane l gives the address of row l % 8 of matrix l / 8.
__device__ __forceinline__ void load_matrices(u32 (&r)[4], const void *row) {
#if defined(__CUDA_ARCH__)
  u32 from = (u32)__cvta_generic_to_shared(row);
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(from));
#else
  emu::share(&row, sizeof(row));
  for (int m = 0; m < 4; ++m) {
    const char *at = *(const char *const *)emu::shared_of(m * 8 + emu::self->lane / 4);
    memcpy(&r[m], at + 4 * (emu::self->lane % 4), 4);
  }
  emu::shared_done();
#endif
}

// The same, each matrix transposed.
__device__ __forceinline__ void load_matrices_transposed(u32 (&r)[4], const void *row) {
#if defined(__CUDA_ARCH__)
  u32 from = (u32)__cvta_generic_to_shared(row);
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(from));
#else
  emu::share(&row, sizeof(row));
  for (int m = 0; m < 4; ++m)
    for (int e = 0; e < 2; ++e) {
      const char *at = *(const char *const *)emu::shared_of(m * 8 + 2 * (emu::self->lane % 4) + e);
      memcpy((char *)&r[m] + 2 * e, at + 2 * (emu::self->lane / 4), 2);
    }
  emu::shared_done();
#endif
}

// d += a b for a 16x16 (rows), b 16x8 (columns), both bf16, d 16x8 f32. Lane l holds rows l/4 and l/4 + 8, columns 2 (l%4) and the
// next, of a also 8 columns on; of b column l/4, rows 2 (l%4) and the next, and 8 on.
__device__ __forceinline__ void mma_bf16(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
#if defined(__CUDA_ARCH__)
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
  u32 mine[6] = {a[0], a[1], a[2], a[3], b0, b1};
  emu::share(mine, sizeof(mine));
  auto half = [](int lane, int reg, int k) {
    u32 word = ((const u32 *)emu::shared_of(lane))[reg];
    return bf16_value((unsigned short)(k & 1 ? word >> 16 : word));
  };
  int group = emu::self->lane / 4, thread = emu::self->lane % 4;
  for (int e = 0; e < 4; ++e) {
    int row = e / 2, column = 2 * thread + e % 2;
    for (int k = 0; k < 16; ++k) {
      int from = k % 8 / 2;
      d[e] += half(4 * group + from, row + 2 * (k / 8), k) * half(4 * column + from, 4 + k / 8, k);
    }
  }
  emu::shared_done();
#endif
}
