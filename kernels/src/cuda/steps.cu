// Episodes of policies that are too wide for a thread each: one step of all columns, between passes of the network.
//
// Before this text come `members.cuh`, `head.cuh`, `episode.cuh`, the struct `Environment`, and the constants of `rollout.cu`. Column =
// (direction * halves + half) * episodes + episode. States lie in memory between steps; a thread has one column. Grid:
// columns. Twin: `control/rollout.rs` of the tasks, same bits.

struct Episode {
  Environment environment;
  double sum;
  u32 step, running;
};

// What the host has to make room for.
extern "C" __global__ void episode_bytes(u32 *bytes) { *bytes = sizeof(Episode); }

__device__ __forceinline__ void see(const Environment &environment, Value *__restrict__ x) {
  const float scales[INPUTS] = {SCALES};
  float seen[INPUTS];
  environment.observe(seen);
#pragma unroll
  for (int k = 0; k < INPUTS; ++k) {
    if (scales[k] != 1.0f) seen[k] /= scales[k];
    x[k] = to_value(seen[k]);
  }
}

// `shared_starts` as in `rollout.cu`.
__device__ __forceinline__ u32 pair_of(u32 column, u32 episodes, u32 halves, u32 first_direction, u32 shared_starts) {
  u32 direction = first_direction + column / (episodes * halves), member = first_direction * halves + column / episodes;
  return shared_starts == 0 ? direction : shared_starts == 1 ? 0u : member;
}

extern "C" __global__ void __launch_bounds__(128)
    begin_episodes(Episode *__restrict__ all, u32 columns, u32 episodes, u32 halves, u32 first_direction, u32 shared_starts, u32 key0, u32 key1,
          u32 generation, Value *__restrict__ x, u32 x_stride) {
  u32 column = blockIdx.x * blockDim.x + threadIdx.x;
  if (column >= columns) return;
  Episode now;
  u32 pair = pair_of(column, episodes, halves, first_direction, shared_starts);
  now.environment.reset(Start{Stream{key0, key1, generation, column % episodes}, pair});
  now.sum = 0.0;
  now.step = 0;
  now.running = 1;
  see(now.environment, x + (u64)column * x_stride);
  all[column] = now;
}

// y is (columns, OUTPUTS); `log_std` is the centre's, `log_std_noise` (directions, ACTIONS) if it is perturbed. Sets `alive` if an
// episode goes on.
extern "C" __global__ void __launch_bounds__(128)
    advance_episodes(Episode *__restrict__ all, u32 columns, u32 episodes, u32 halves, u32 first_direction, u32 shared_starts, u32 key0,
            u32 key1, u32 generation, Value *__restrict__ x, u32 x_stride, const float *__restrict__ outputs,
            const float *__restrict__ log_std, const float *__restrict__ log_std_noise, float sigma, u32 baseline_group,
            u32 *__restrict__ alive) {
  u32 column = blockIdx.x * blockDim.x + threadIdx.x;
  if (column >= columns || !all[column].running) return;
  Episode now = all[column];
  u32 pair = pair_of(column, episodes, halves, first_direction, shared_starts);
  Choices choices{Stream{key0, key1, generation, 0x80000000u | (column % episodes)}, pair, {}};
#if HEAD == GAUSSIAN
  u32 half = column / episodes % halves, member = first_direction * halves + column / episodes;
  float sign = half == 0 ? 1.0f : -1.0f;
  if (baseline_group > 0 && member % baseline_group < 2) sign = 0.0f;
#pragma unroll
  for (u32 k = 0; k < ACTIONS; ++k) {
    float value = log_std[k];
    if (log_std_noise) value = fma32(sign * sigma, log_std_noise[(u64)(column / (episodes * halves)) * ACTIONS + k], value);
    choices.log_std[k] = value;
  }
#endif
  float y[OUTPUTS], action[ACTIONS];
#pragma unroll
  for (int o = 0; o < OUTPUTS; ++o) y[o] = outputs[(u64)column * OUTPUTS + o];
  choose(choices, now.step, y, action);
  double reward;
  bool ended = now.environment.step(action, reward);
  now.sum += reward;
  now.step += 1;
  now.running = !ended && now.step < STEPS_MAX;
  if (now.running) {
    see(now.environment, x + (u64)column * x_stride);
    *alive = 1;
  }
  all[column] = now;
}

// Returns (columns).
extern "C" __global__ void __launch_bounds__(128)
    finish_episodes(const Episode *__restrict__ all, u32 columns, double *__restrict__ returns) {
  u32 column = blockIdx.x * blockDim.x + threadIdx.x;
  if (column < columns) returns[column] = all[column].sum;
}
