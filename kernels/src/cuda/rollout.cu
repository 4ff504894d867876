// Whole episodes of a policy on the device: observe, network, head, step, until the episode ends. Only returns come back.
//
// Before this text come `column.cuh`, the struct `Network` made from the policy, and the struct `Environment` of the task; ACTIONS,
// the constants of `head.cuh`, STEPS_MAX, SCALES (a list of as many numbers as the network has inputs), LOG_STD and
// LOG_STD_NOISE are defined. Thread (x, y) of a block is direction x with sign y; grid y counts episodes. An episode is one thread's own, so that
// the threads of a warp wait for its longest.
//
// Returns: double (directions, halves, episodes). Twin: `control/rollout.rs` of the tasks, same bits.

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
  Choices choices{Stream{key0, key1, generation, 0x80000000u | episode}, pair, {}};
#if HEAD == GAUSSIAN
#pragma unroll
  for (u32 k = 0; k < ACTIONS; ++k)
    choices.log_std[k] = perturbed<LOG_STD_KIND>(m, parameters + LOG_STD, LOG_STD_NOISE, k);
#endif
  const float scales[INPUTS] = {SCALES};
  double sum = 0.0;
  for (u32 step = 0; step < STEPS_MAX; ++step) {
    float x[INPUTS], y[OUTPUTS], action[ACTIONS];
    environment.observe(x);
#pragma unroll
    for (int k = 0; k < INPUTS; ++k)
      if (scales[k] != 1.0f) x[k] /= scales[k];
    Network::forward(m, parameters, x, y);
    choose(choices, step, y, action);
    double reward;
    bool ended = environment.step(action, reward);
    sum += reward;
    if (ended) break;
  }
  returns[((u64)d * halves + half) * gridDim.y + episode] = sum;
}
