// Twin of `cartpole.rs`.
struct Environment {
  double x, x_dot, theta, theta_dot;

  __device__ __forceinline__ void reset(const Start &start) {
    x = start.uniform_in(0, -0.05, 0.05);
    x_dot = start.uniform_in(1, -0.05, 0.05);
    theta = start.uniform_in(2, -0.05, 0.05);
    theta_dot = start.uniform_in(3, -0.05, 0.05);
  }
  __device__ __forceinline__ void observe(float (&out)[4]) const {
    out[0] = (float)x, out[1] = (float)x_dot, out[2] = (float)theta, out[3] = (float)theta_dot;
  }
  __device__ __forceinline__ bool step(const float (&action)[1], double &reward) {
    const double mass_pole = 0.1, mass_total = mass_pole + 1.0, length = 0.5, pole_mass_length = mass_pole * length;
    const double step_s = 0.02, angle_max = 12.0 * 2.0 * 3.14159265358979323846 / 360.0, position_max = 2.4;
    double force = action[0] == 1.0f ? 10.0 : -10.0, sine, cosine;
    sin_cos64(theta, sine, cosine);
    double temp = (force + pole_mass_length * (theta_dot * theta_dot) * sine) / mass_total;
    double acceleration =
        (9.8 * sine - cosine * temp) / (length * (4.0 / 3.0 - mass_pole * (cosine * cosine) / mass_total));
    double cart = temp - pole_mass_length * acceleration * cosine / mass_total;
    x += step_s * x_dot;
    x_dot += step_s * cart;
    theta += step_s * theta_dot;
    theta_dot += step_s * acceleration;
    reward = 1.0;
    return x < -position_max || x > position_max || theta < -angle_max || theta > angle_max;
  }
};
