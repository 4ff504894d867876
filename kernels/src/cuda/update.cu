// One step of an update rule, elementwise, in f32: parameters and moments are read and written once. Twin: `update/` of the engine,
// same bits. Grid: parameters.

#define PARAMETERS u32 count, float rate, float decay
#define INDEX                                                                                                              \
  u32 e = blockIdx.x * blockDim.x + threadIdx.x;                                                                           \
  if (e >= count) return;

extern "C" __global__ void __launch_bounds__(256)
    sgd(float *__restrict__ theta, const float *__restrict__ gradient, PARAMETERS) {
  INDEX
  theta[e] -= rate * (gradient[e] + decay * theta[e]);
}

extern "C" __global__ void __launch_bounds__(256)
    momentum(float *__restrict__ theta, const float *__restrict__ gradient, float *__restrict__ velocity, PARAMETERS, float mu,
             u32 nesterov) {
  INDEX
  float g = gradient[e] + decay * theta[e], v = mu * velocity[e] + g;
  velocity[e] = v;
  theta[e] -= rate * (nesterov ? mu * v + g : v);
}

// `decay` is added to the gradient, `decoupled` to the step.
extern "C" __global__ void __launch_bounds__(256)
    adam(float *__restrict__ theta, const float *__restrict__ gradient, float *__restrict__ mean, float *__restrict__ square,
         PARAMETERS, float decoupled, float beta1, float beta2, float epsilon, float unbias_mean, float unbias_square) {
  INDEX
  float g = gradient[e] + decay * theta[e];
  float m = beta1 * mean[e] + (1.0f - beta1) * g, v = beta2 * square[e] + (1.0f - beta2) * (g * g);
  mean[e] = m;
  square[e] = v;
  float scaled = (m * unbias_mean) / (__fsqrt_rn(v * unbias_square) + epsilon);
  theta[e] -= rate * (scaled + decoupled * theta[e]);
}

extern "C" __global__ void __launch_bounds__(256)
    lion(float *__restrict__ theta, const float *__restrict__ gradient, float *__restrict__ mean, PARAMETERS, float beta1,
         float beta2) {
  INDEX
  float g = gradient[e], m = mean[e], x = beta1 * m + (1.0f - beta1) * g;
  float direction = x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f;
  theta[e] -= rate * (direction + decay * theta[e]);
  mean[e] = beta2 * m + (1.0f - beta2) * g;
}
