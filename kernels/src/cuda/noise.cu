// Noise of one tensor for neighbouring directions: deviate e of direction d.
//
// Shapes: `elements` numbers for each of `directions`, in either order; threads of a warp run along the contiguous axis, so that
// writes are coalesced. A thread draws the numbers of one block.
// Grid: the contiguous axis in x, the other in y. Bytes: 4 per number, written once. Operations: about 45 per normal number,
// hence bound by arithmetic. Twin: `noise/stream.rs`, same bits.

// out (elements, directions)
extern "C" __global__ void __launch_bounds__(128)
    draw_noise(float *__restrict__ out, u32 key0, u32 key1, u32 generation, u32 layer, u32 first_pair, u32 directions,
               u32 elements, u32 first_block) {
  u32 d = blockIdx.x * blockDim.x + threadIdx.x;
  if (d >= directions) return;
  Stream at{key0, key1, generation, layer};
  for (u32 block = blockIdx.y; block * PER_BLOCK < elements; block += gridDim.y) {
    float z[PER_BLOCK];
    deviates(philox(at, first_pair + d, first_block + block), z);
#pragma unroll
    for (u32 e = 0; e < PER_BLOCK; ++e) {
      u32 element = block * PER_BLOCK + e;
      if (element < elements) out[(u64)element * directions + d] = z[e];
    }
  }
}

// out (directions, stride)
extern "C" __global__ void __launch_bounds__(128)
    draw_noise_rows(float *__restrict__ out, u32 key0, u32 key1, u32 generation, u32 layer, u32 first_pair, u32 directions,
                    u32 elements, u32 first_block, u64 stride) {
  u32 block = blockIdx.x * blockDim.x + threadIdx.x, element = block * PER_BLOCK;
  if (element >= elements) return;
  Stream at{key0, key1, generation, layer};
  for (u32 d = blockIdx.y; d < directions; d += gridDim.y) {
    float z[PER_BLOCK];
    deviates(philox(at, first_pair + d, first_block + block), z);
    float *to = out + d * stride + element;
    if (elements % 4 == 0 && stride % 4 == 0 && ((u64)out & 15) == 0) {
#pragma unroll
      for (u32 e = 0; e < PER_BLOCK; e += 4)
        if (element + e < elements) *(float4 *)(to + e) = make_float4(z[e], z[e + 1], z[e + 2], z[e + 3]);
    } else {
#pragma unroll
      for (u32 e = 0; e < PER_BLOCK; ++e)
        if (element + e < elements) to[e] = z[e];
    }
  }
}

// Places of sparse noise, as bits: out[e * element_stride + d * direction_stride] is one of `size` places, from word e % 4 of block first_block + e / 4.
extern "C" __global__ void __launch_bounds__(128)
    draw_places(float *__restrict__ out, u32 key0, u32 key1, u32 generation, u32 layer, u32 first_pair, u32 directions,
                u32 entries, u32 first_block, u64 size, u64 element_stride, u64 direction_stride) {
  u32 d = blockIdx.x * blockDim.x + threadIdx.x;
  if (d >= directions) return;
  Stream at{key0, key1, generation, layer};
  for (u32 block = blockIdx.y; block * 4 < entries; block += gridDim.y) {
    Words words = philox(at, first_pair + d, first_block + block);
#pragma unroll
    for (u32 e = 0; e < 4; ++e) {
      u32 entry = block * 4 + e;
      if (entry < entries) out[entry * element_stride + d * direction_stride] = __uint_as_float((u32)((words.w[e] * size) >> 32));
    }
  }
}
