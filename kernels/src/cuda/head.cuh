// From the outputs of a policy to an action: HEAD is one of these; OUTPUTS, ACTIONS, and for the last two LOW and HIGH are defined before.
// Twin: `model/head.rs` of the tasks, same bits.
#pragma once

#define GREEDY 0
#define CATEGORICAL 1
#define MEAN 2
#define GAUSSIAN 3

// Action noise of an episode: its address, and the log standard deviations of the member.
struct Choices {
  Stream noise;
  u32 pair;
  float log_std[ACTIONS];
};

// From the outputs of the network to an action.
__device__ __forceinline__ void choose(const Choices &c, u32 step, const float (&y)[OUTPUTS], float (&action)[ACTIONS]) {
#if HEAD == GREEDY
  float best = y[0];
  int chosen = 0;
#pragma unroll
  for (int o = 1; o < OUTPUTS; ++o) {
    bool better = y[o] > best;
    best = better ? y[o] : best;
    chosen = better ? o : chosen;
  }
  action[0] = (float)chosen;
#elif HEAD == CATEGORICAL
  float largest = y[0], total = 0.0f, weights[OUTPUTS];
#pragma unroll
  for (int o = 0; o < OUTPUTS; ++o) largest = y[o] > largest ? y[o] : largest;
#pragma unroll
  for (int o = 0; o < OUTPUTS; ++o) {
    weights[o] = exp32(y[o] - largest);
    total += weights[o];
  }
  float threshold = total * (float)uniform(c.noise, c.pair, step, 0), sum = 0.0f, chosen = 0.0f;
#pragma unroll
  for (int o = 0; o + 1 < OUTPUTS; ++o) {
    sum += weights[o];
    chosen += sum <= threshold ? 1.0f : 0.0f;
  }
  action[0] = chosen;
#else
  const float half = 0.5f * (HIGH - LOW);
#if HEAD == GAUSSIAN
  const u32 blocks = (ACTIONS + 3) / 4;
#pragma unroll
  for (u32 block = 0; block < blocks; ++block) {
    Words words = philox(c.noise, c.pair, step * blocks + block);
    float z[4];
    box_muller(words.w[0], words.w[1], z[0], z[1]);
    box_muller(words.w[2], words.w[3], z[2], z[3]);
#pragma unroll
    for (u32 e = 0; e < 4; ++e) {
      u32 k = block * 4 + e;
      if (k < ACTIONS) {
        action[k] = fma32(half, tanh32(y[k] + exp32(c.log_std[k]) * z[e]) + 1.0f, LOW);
      }
    }
  }
#else
#pragma unroll
  for (int k = 0; k < ACTIONS; ++k) action[k] = fma32(half, tanh32(y[k] + 0.0f) + 1.0f, LOW);
#endif
#endif
}
