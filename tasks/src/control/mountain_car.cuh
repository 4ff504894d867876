// Twin of `mountain_car.rs`.
struct Environment {
  double position, velocity;

  __device__ __forceinline__ void reset(const Start &start) {
    position = start.uniform_in(0, -0.6, -0.4);
    velocity = 0.0;
  }
  __device__ __forceinline__ void observe(float (&out)[2]) const { out[0] = (float)position, out[1] = (float)velocity; }
  __device__ __forceinline__ bool step(const float (&action)[1], double &reward) {
    const double force = 0.001, gravity = 0.0025, speed_max = 0.07, position_min = -1.2, position_max = 0.6, goal = 0.5;
    double sine, cosine;
    sin_cos64(3.0 * position, sine, cosine);
    double push = ((double)action[0] - 1.0) * force + cosine * -gravity;
    double v = clamp64(velocity + push, -speed_max, speed_max);
    double p = clamp64(position + v, position_min, position_max);
    v = p == position_min && v < 0.0 ? 0.0 : v;
    position = p;
    velocity = v;
    reward = -1.0;
    return p >= goal && v >= 0.0;
  }
};
