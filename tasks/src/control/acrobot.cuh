// Twin of `acrobot.rs`.
struct Environment {
  // Two angles, two speeds.
  double state[4];

  __device__ __forceinline__ void reset(const Start &start) {
#pragma unroll
    for (int k = 0; k < 4; ++k) state[k] = (double)(float)start.uniform_in(k, -0.1, 0.1);
  }
  __device__ __forceinline__ void observe(float (&out)[6]) const {
    double sine, cosine, sine_2, cosine_2;
    sin_cos64(state[0], sine, cosine);
    sin_cos64(state[1], sine_2, cosine_2);
    out[0] = (float)cosine, out[1] = (float)sine, out[2] = (float)cosine_2, out[3] = (float)sine_2;
    out[4] = (float)state[2], out[5] = (float)state[3];
  }
  // Both links: 1 m, 1 kg, centre of mass halfway, moment of inertia 1 kg m^2.
  static __device__ __forceinline__ void derivative(const double (&s)[4], double torque, double (&k)[4]) {
    const double gravity = 9.8, length = 1.0, mass = 1.0, centre = 0.5, inertia = 1.0;
    const double quarter = 3.14159265358979323846 / 2.0;
    double sine_2, cosine_2, unused, cosine_12, cosine_1;
    sin_cos64(s[1], sine_2, cosine_2);
    sin_cos64(s[0] + s[1] - quarter, unused, cosine_12);
    sin_cos64(s[0] - quarter, unused, cosine_1);
    double d1 = mass * centre * centre + mass * (length * length + centre * centre + 2.0 * length * centre * cosine_2) +
                inertia + inertia;
    double d2 = mass * (centre * centre + length * centre * cosine_2) + inertia;
    double phi2 = mass * centre * gravity * cosine_12;
    double phi1 = -mass * length * centre * (s[3] * s[3]) * sine_2 - 2.0 * mass * length * centre * s[3] * s[2] * sine_2 +
                  (mass * centre + mass * length) * gravity * cosine_1 + phi2;
    double acceleration_2 = (torque + d2 / d1 * phi1 - mass * length * centre * (s[2] * s[2]) * sine_2 - phi2) /
                            (mass * centre * centre + inertia - d2 * d2 / d1);
    double acceleration_1 = -(d2 * acceleration_2 + phi1) / d1;
    k[0] = s[2], k[1] = s[3], k[2] = acceleration_1, k[3] = acceleration_2;
  }
  static __device__ __forceinline__ double fold(double x) {
    const double pi = 3.14159265358979323846;
#pragma unroll
    for (int turn = 0; turn < 3; ++turn) {
      x = x > pi ? x - 2.0 * pi : x;
      x = x < -pi ? x + 2.0 * pi : x;
    }
    return x;
  }
  __device__ __forceinline__ bool step(const float (&action)[1], double &reward) {
    const double pi = 3.14159265358979323846, step_s = 0.2, speed_1_max = 4.0 * pi, speed_2_max = 9.0 * pi;
    double torque = (double)action[0] - 1.0, k1[4], k2[4], k3[4], k4[4], at[4];
    derivative(state, torque, k1);
#pragma unroll
    for (int k = 0; k < 4; ++k) at[k] = state[k] + step_s / 2.0 * k1[k];
    derivative(at, torque, k2);
#pragma unroll
    for (int k = 0; k < 4; ++k) at[k] = state[k] + step_s / 2.0 * k2[k];
    derivative(at, torque, k3);
#pragma unroll
    for (int k = 0; k < 4; ++k) at[k] = state[k] + step_s * k3[k];
    derivative(at, torque, k4);
#pragma unroll
    for (int k = 0; k < 4; ++k) state[k] = state[k] + step_s / 6.0 * (k1[k] + 2.0 * k2[k] + 2.0 * k3[k] + k4[k]);
    state[0] = fold(state[0]);
    state[1] = fold(state[1]);
    state[2] = clamp64(state[2], -speed_1_max, speed_1_max);
    state[3] = clamp64(state[3], -speed_2_max, speed_2_max);
    double unused, cosine, cosine_12;
    sin_cos64(state[0], unused, cosine);
    sin_cos64(state[1] + state[0], unused, cosine_12);
    bool ended = -cosine - cosine_12 > 1.0;
    reward = ended ? 0.0 : -1.0;
    return ended;
  }
};
