// What only Hopper has: barriers that count bytes, copies of whole tiles, products of a warpgroup. Each with a branch that does the
// same on the processor, so that the logic around them is tested without such a device.
#pragma once

// A tile map, as the driver encodes it: a matrix in memory of the device and the box that one copy takes of it. The emulator's own
// says: address, columns, rows, bytes from row to row, columns and rows of the box.
struct alignas(64) TileMap { u64 words[16]; };

// A barrier in shared memory: a phase ends when so many have arrived as it was made for, and all announced bytes are there.
typedef u64 Barrier;

#ifdef HATCHERY_EMULATED
// Bits: 0 phase, 1..16 arrivals of a phase, 17..32 arrivals still missing, 33..63 bytes still missing (modulo 2^31).
template <class F> inline void barrier_change(Barrier *b, F change) {
  u64 before = __atomic_load_n(b, __ATOMIC_ACQUIRE), after;
  do {
    after = change(before);
    u64 missing = after >> 17 & 0xFFFF, bytes = after >> 33;
    if (missing == 0 && bytes == 0) after = (after ^ 1) | (after >> 1 & 0xFFFF) << 17;
  } while (!__atomic_compare_exchange_n(b, &before, after, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}
#else
__device__ __forceinline__ u32 shared_address(const void *at) { return (u32)__cvta_generic_to_shared(at); }
#endif

__device__ __forceinline__ void barrier_init(Barrier *b, u32 arrivals) {
#if defined(__CUDA_ARCH__)
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(b)), "r"(arrivals));
#else
  __atomic_store_n(b, (u64)arrivals << 1 | (u64)arrivals << 17, __ATOMIC_RELEASE);
#endif
}
// Makes fresh barriers known to the units that copy, and to the other blocks of a cluster.
__device__ __forceinline__ void barriers_ready() {
#if defined(__CUDA_ARCH__)
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#endif
}
__device__ __forceinline__ void barrier_arrive(Barrier *b) {
#if defined(__CUDA_ARCH__)
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(b)) : "memory");
#else
  barrier_change(b, [](u64 was) { return was - (1ull << 17); });
#endif
}
// The same barrier of another block of the cluster.
__device__ __forceinline__ void barrier_arrive_at(Barrier *b, u32 block) {
#if defined(__CUDA_ARCH__)
  asm volatile("{ .reg .b32 there; mapa.shared::cluster.u32 there, %0, %1;"
               "mbarrier.arrive.shared::cluster.b64 _, [there]; }" ::"r"(shared_address(b)), "r"(block)
               : "memory");
#else
  barrier_arrive(b);
#endif
}
// Arrives and announces bytes that copies will bring.
__device__ __forceinline__ void barrier_expect(Barrier *b, u32 bytes) {
#if defined(__CUDA_ARCH__)
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(b)), "r"(bytes) : "memory");
#else
  barrier_change(b, [bytes](u64 was) { return was - (1ull << 17) + ((u64)bytes << 33); });
#endif
}
// Waits for the end of a phase; phases are numbered from zero, of which this takes the last bit.
__device__ __forceinline__ void barrier_wait(Barrier *b, u32 phase) {
#if defined(__CUDA_ARCH__)
  u32 done;
  do {
    asm volatile("{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }"
                 : "=r"(done)
                 : "r"(shared_address(b)), "r"(phase & 1u)
                 : "memory");
  } while (!done);
#else
  while ((__atomic_load_n(b, __ATOMIC_ACQUIRE) & 1) == (phase & 1u)) emu::yield();
#endif
}

// Brings the box at (column, row) into shared memory, rows of 128 bytes, 16 bytes at a time swizzled with the row: what lies beyond
// the matrix is zero. `blocks` names the blocks of the cluster that get it, bit by bit, each at the same place.
template <bool MANY>
__device__ __forceinline__ void tile_load(char *to, const TileMap *map, Barrier *b, u32 column, u32 row, u32 blocks) {
#if defined(__CUDA_ARCH__)
  if constexpr (MANY)
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::cluster "
                 "[%0], [%1, {%3, %4}], [%2], %5;" ::"r"(shared_address(to)),
                 "l"(map), "r"(shared_address(b)), "r"(column), "r"(row), "h"((unsigned short)blocks)
                 : "memory");
  else
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
                 "[%0], [%1, {%3, %4}], [%2];" ::"r"(shared_address(to)),
                 "l"(map), "r"(shared_address(b)), "r"(column), "r"(row)
                 : "memory");
#else
  const u64 *m = map->words;
  for (u32 r = 0; r < m[5]; ++r)
    for (u32 chunk = 0; chunk < 8; ++chunk) {
      char *at = to + r * 128 + (chunk ^ (r & 7)) * 16;
      u64 first = column + chunk * 8;
      u64 there = row + r < m[2] && first < m[1] ? (m[1] - first < 8 ? m[1] - first : 8) : 0;
      memcpy(at, (const char *)m[0] + (row + r) * m[3] + first * 2, there * 2);
      memset(at + there * 2, 0, 16 - there * 2);
    }
  u64 bytes = m[5] * 128;
  barrier_change(b, [bytes](u64 was) { return was - (bytes << 33); });
#endif
}

// The 64 x 256 part of a product that a warpgroup has: thread t holds, of rows 16 (t / 32) + t % 32 / 4 and that + 8, the columns
// 8 j + 2 (t % 4) and the next, in d[4 j], d[4 j + 1] and d[4 j + 2], d[4 j + 3].
//
// d += a b^T for a (64, 16) and b (256, 16), in shared memory as `tile_load` leaves them: `a` and `b` are what `tile_at` makes of the
// first of the 16 columns in row 0, unswizzled. Tiles begin at multiples of 1024 bytes.
__device__ __forceinline__ u64 tile_at(const char *at) {
#if defined(__CUDA_ARCH__)
  // Addresses in units of 16 bytes; 1024 bytes from eight rows to the next eight; swizzled over 128 bytes.
  return (u64)1 << 62 | (u64)(1024 >> 4) << 32 | (u64)1 << 16 | (shared_address(at) & 0x3FFFFu) >> 4;
#else
  return (u64)at >> 4;
#endif
}
__device__ __forceinline__ void warpgroup_mma(float (&d)[128], u64 a, u64 b) {
#if defined(__CUDA_ARCH__)
  asm volatile(
      "{ .reg .pred p; setp.eq.b32 p, 0, 0; wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 "
      "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,"
      "%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31,"
      "%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47,"
      "%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63,"
      "%64,%65,%66,%67,%68,%69,%70,%71,%72,%73,%74,%75,%76,%77,%78,%79,"
      "%80,%81,%82,%83,%84,%85,%86,%87,%88,%89,%90,%91,%92,%93,%94,%95,"
      "%96,%97,%98,%99,%100,%101,%102,%103,%104,%105,%106,%107,%108,%109,%110,%111,"
      "%112,%113,%114,%115,%116,%117,%118,%119,%120,%121,%122,%123,%124,%125,%126,%127}"
      ", %128, %129, p, 1, 1, 0, 0; }"
      :
        "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]),
        "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]),
        "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]),
        "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]),
        "+f"(d[32]), "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]),
        "+f"(d[40]), "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]),
        "+f"(d[48]), "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]),
        "+f"(d[56]), "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63]),
        "+f"(d[64]), "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71]),
        "+f"(d[72]), "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79]),
        "+f"(d[80]), "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87]),
        "+f"(d[88]), "+f"(d[89]), "+f"(d[90]), "+f"(d[91]), "+f"(d[92]), "+f"(d[93]), "+f"(d[94]), "+f"(d[95]),
        "+f"(d[96]), "+f"(d[97]), "+f"(d[98]), "+f"(d[99]), "+f"(d[100]), "+f"(d[101]), "+f"(d[102]), "+f"(d[103]),
        "+f"(d[104]), "+f"(d[105]), "+f"(d[106]), "+f"(d[107]), "+f"(d[108]), "+f"(d[109]), "+f"(d[110]), "+f"(d[111]),
        "+f"(d[112]), "+f"(d[113]), "+f"(d[114]), "+f"(d[115]), "+f"(d[116]), "+f"(d[117]), "+f"(d[118]), "+f"(d[119]),
        "+f"(d[120]), "+f"(d[121]), "+f"(d[122]), "+f"(d[123]), "+f"(d[124]), "+f"(d[125]), "+f"(d[126]), "+f"(d[127])
      : "l"(a), "l"(b));
#else
  // Sixteen numbers of a row are two times 16 bytes.
  auto row_of = [](u64 base, u32 row, float (&values)[16]) {
    for (u32 half = 0; half < 2; ++half) {
      u64 at = (base << 4) + row * 128 + half * 16;
      const unsigned short *from = (const unsigned short *)(at ^ (at >> 7 & 7) << 4);
      for (u32 k = 0; k < 8; ++k) values[8 * half + k] = bf16_value(from[k]);
    }
  };
  u32 thread = threadIdx.x % 128, row = thread / 32 * 16 + thread % 32 / 4;
  float upper[16], lower[16], column[16];
  row_of(a, row, upper), row_of(a, row + 8, lower);
  for (u32 j = 0; j < 32; ++j)
    for (u32 e = 0; e < 2; ++e) {
      row_of(b, 8 * j + 2 * (thread % 4) + e, column);
      float &one = d[4 * j + e], &two = d[4 * j + 2 + e];
      for (u32 k = 0; k < 16; ++k) one += upper[k] * column[k], two += lower[k] * column[k];
    }
#endif
}
// Before the first product of a group, after it, and until at most N groups are under way.
__device__ __forceinline__ void warpgroup_begin() {
#if defined(__CUDA_ARCH__)
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}
__device__ __forceinline__ void warpgroup_commit() {
#if defined(__CUDA_ARCH__)
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}
template <int N> __device__ __forceinline__ void warpgroup_wait() {
#if defined(__CUDA_ARCH__)
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory");
#endif
}

// Loads behind this are not made before it: made early they take registers that are not there.
__device__ __forceinline__ void keep_order() {
#if defined(__CUDA_ARCH__)
  asm volatile("" ::: "memory");
#endif
}

// Registers of each thread of a warpgroup from here on.
template <int N> __device__ __forceinline__ void fewer_registers() {
#if defined(__CUDA_ARCH__)
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(N));
#endif
}
template <int N> __device__ __forceinline__ void more_registers() {
#if defined(__CUDA_ARCH__)
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(N));
#endif
}

// All threads of all blocks of a cluster.
__device__ __forceinline__ void cluster_sync() {
#if defined(__CUDA_ARCH__)
  asm volatile("barrier.cluster.arrive; barrier.cluster.wait;" ::: "memory");
#else
  __syncthreads();
#endif
}
