// Whole episodes of a policy on the device: observe, network, head, step, until the episode ends. Only returns come back.
//
// Before this text come `column.cuh`, the struct `Network` made from the policy, and the struct `Environment` of the task; ACTIONS,
// STEPS_MAX, HEAD (one of the four below), LOW and HIGH, SCALES (a list of OBSERVATIONS numbers), LOG_STD and LOG_STD_NOISE are
// defined. Thread (x, y) of a block is direction x with sign y; grid y counts episodes. An episode is one thread's own, so that
// the threads of a warp wait for its longest.
//
// Returns: double (episodes, halves, directions). Twin: `control/rollout.rs` of the tasks, same bits.

#define GREEDY 0
#define CATEGORICAL 1
#define MEAN 2
#define GAUSSIAN 3

struct Choices {
  // Action noise of the episode, log standard deviations, and s sigma of their own noise.
  Stream noise;
  u32 pair;
  const float *log_std;
};

// From the outputs of the network to an action.
__device__ __forceinline__ void choose(const Choices &c, const Member &m, u32 step, const float (&y)[Network::OUTPUTS],
                                       float (&action)[ACTIONS]) {
#if HEAD == GREEDY
  float best = y[0];
  int chosen = 0;
#pragma unroll
  for (int o = 1; o < Network::OUTPUTS; ++o) {
    bool better = y[o] > best;
    best = better ? y[o] : best;
    chosen = better ? o : chosen;
  }
  action[0] = (float)chosen;
#elif HEAD == CATEGORICAL
  float largest = y[0], total = 0.0f, weights[Network::OUTPUTS];
#pragma unroll
  for (int o = 0; o < Network::OUTPUTS; ++o) largest = y[o] > largest ? y[o] : largest;
#pragma unroll
  for (int o = 0; o < Network::OUTPUTS; ++o) {
    weights[o] = exp32(y[o] - largest);
    total += weights[o];
  }
  float threshold = total * (float)uniform(c.noise, c.pair, step, 0), sum = 0.0f, chosen = 0.0f;
#pragma unroll
  for (int o = 0; o + 1 < Network::OUTPUTS; ++o) {
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
        float log_std = perturbed<LOG_STD_KIND>(m, c.log_std, LOG_STD_NOISE, k);
        action[k] = fma32(half, tanh32(y[k] + exp32(log_std) * z[e]) + 1.0f, LOW);
      }
    }
  }
#else
#pragma unroll
  for (int k = 0; k < ACTIONS; ++k) action[k] = fma32(half, tanh32(y[k] + 0.0f) + 1.0f, LOW);
#endif
#endif
}

// `shared_starts`: 0 the members of a pair begin alike, 1 all members, 2 none. Columns of an evaluation are all different.
extern "C" __global__ void __launch_bounds__(128)
    rollout(const float *__restrict__ centre, u32 centre_len, const float *__restrict__ noise, u32 directions,
            u32 first_direction, float sigma, u32 baseline_group, u32 key0, u32 key1, u32 generation, u32 shared_starts,
            double *__restrict__ returns) {
#ifdef CENTRE_SHARED
  DYNAMIC_SHARED(float, parameters);
  for (u32 i = threadIdx.y * blockDim.x + threadIdx.x; i < centre_len; i += blockDim.x * blockDim.y) parameters[i] = centre[i];
  __syncthreads();
#else
  const float *parameters = centre;
#endif
  u32 d = blockIdx.x * blockDim.x + threadIdx.x;
  if (d >= directions) return;
  u32 halves = blockDim.y, half = threadIdx.y, episode = blockIdx.y;
  u32 direction = first_direction + d, member = direction * halves + half;
  float sign = half == 0 ? 1.0f : -1.0f;
  if (baseline_group > 0 && member % baseline_group < 2) sign = 0.0f;
  Member m{noise + d, directions, sign * sigma};
  u32 pair = shared_starts == 0 ? direction : shared_starts == 1 ? 0u : member;

  Environment environment;
  environment.reset(Start{Stream{key0, key1, generation, episode}, pair});
  Choices choices{Stream{key0, key1, generation, 0x80000000u | episode}, pair, parameters + LOG_STD};
  const float scales[Network::INPUTS] = {SCALES};
  double sum = 0.0;
  for (u32 step = 0; step < STEPS_MAX; ++step) {
    float x[Network::INPUTS], y[Network::OUTPUTS], action[ACTIONS];
    environment.observe(x);
#pragma unroll
    for (int k = 0; k < Network::INPUTS; ++k)
      if (scales[k] != 1.0f) x[k] /= scales[k];
    Network::forward(m, parameters, x, y);
    choose(choices, m, step, y, action);
    double reward;
    bool ended = environment.step(action, reward);
    sum += reward;
    if (ended) break;
  }
  returns[((u64)episode * halves + half) * directions + d] = sum;
}
