// Noise of one tensor for neighbouring directions: out[e * element_stride + d * direction_stride] = deviate e of direction d.
//
// Shapes: `elements` numbers for each of `directions`; either axis may be the contiguous one. Thread (d, block) draws the
// numbers of one block; neighbouring threads are neighbouring directions, so that writes are coalesced if directions
// are contiguous, and one line per thread is written whole if elements are.
// Grid: directions / 128 in x, blocks in y. Bytes: 4 per number, written once. Operations: about 45 per normal number,
// hence bound by arithmetic. Twin: `noise/stream.rs`, same bits.

extern "C" __global__ void __launch_bounds__(128)
    draw_noise(float *__restrict__ out, u32 key0, u32 key1, u32 generation, u32 layer, u32 first_pair, u32 directions,
               u32 elements, u32 first_block, u64 element_stride, u64 direction_stride) {
  u32 d = blockIdx.x * blockDim.x + threadIdx.x;
  if (d >= directions) return;
  Stream at{key0, key1, generation, layer};
  for (u32 block = blockIdx.y; block * PER_BLOCK < elements; block += gridDim.y) {
    float z[PER_BLOCK];
    deviates(philox(at, first_pair + d, first_block + block), z);
#pragma unroll
    for (u32 e = 0; e < PER_BLOCK; ++e) {
      u32 element = block * PER_BLOCK + e;
      if (element < elements) out[element * element_stride + d * direction_stride] = z[e];
    }
  }
}

// Places of sparse noise, as bits: out[e * directions + d] is one of `size` places, from word e % 4 of block first_block + e / 4.
extern "C" __global__ void __launch_bounds__(128)
    draw_places(float *__restrict__ out, u32 key0, u32 key1, u32 generation, u32 layer, u32 first_pair, u32 directions,
                u32 entries, u32 first_block, u64 size) {
  u32 d = blockIdx.x * blockDim.x + threadIdx.x;
  if (d >= directions) return;
  Stream at{key0, key1, generation, layer};
  for (u32 block = blockIdx.y; block * 4 < entries; block += gridDim.y) {
    Words words = philox(at, first_pair + d, first_block + block);
#pragma unroll
    for (u32 e = 0; e < 4; ++e) {
      u32 entry = block * 4 + e;
      if (entry < entries) out[(u64)entry * directions + d] = __uint_as_float((u32)((words.w[e] * size) >> 32));
    }
  }
}
