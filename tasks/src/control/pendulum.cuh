// Twin of `pendulum.rs`.
struct Environment {
  double theta, theta_dot;

  __device__ __forceinline__ void reset(const Start &start) {
    const double pi = 3.14159265358979323846;
    theta = start.uniform_in(0, -pi, pi);
    theta_dot = start.uniform_in(1, -1.0, 1.0);
  }
  __device__ __forceinline__ void observe(float (&out)[3]) const {
    double sine, cosine;
    sin_cos64(theta, sine, cosine);
    out[0] = (float)cosine, out[1] = (float)sine, out[2] = (float)theta_dot;
  }
  __device__ __forceinline__ bool step(const float (&action)[1], double &reward) {
    const double pi = 3.14159265358979323846;
    float u = clamp32(action[0], -2.0f, 2.0f);
    double angle = fmod(theta + pi, 2.0 * pi);
    angle = (angle < 0.0 ? angle + 2.0 * pi : angle) - pi;
    double effort = (double)(0.001f * (u * u));
    reward = -(angle * angle + 0.1 * (theta_dot * theta_dot) + effort);
    double sine, cosine;
    sin_cos64(theta, sine, cosine);
    double speed = theta_dot + (15.0 * sine + (double)(3.0f * u)) * 0.05;
    theta_dot = clamp64(speed, -8.0, 8.0);
    theta += theta_dot * 0.05;
    return false;
  }
};
