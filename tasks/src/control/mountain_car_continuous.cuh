// Twin of `mountain_car_continuous.rs`.
struct Environment {
  float position, velocity;

  __device__ __forceinline__ void reset(const Start &start) {
    position = (float)start.uniform_in(0, -0.6, -0.4);
    velocity = 0.0f;
  }
  __device__ __forceinline__ void observe(float (&out)[2]) const { out[0] = position, out[1] = velocity; }
  __device__ __forceinline__ bool step(const float (&action)[1], double &reward) {
    const float speed_max = 0.07f, position_min = -1.2f, position_max = 0.6f, goal = 0.45f;
    const double power = 0.0015, gravity = 0.0025;
    double sine, cosine;
    sin_cos64((double)(3.0f * position), sine, cosine);
    double slope = gravity * cosine;
    float throttle = action[0];
    bool within = throttle >= -1.0f && throttle <= 1.0f;
    float push = within ? throttle * (float)power - (float)slope : (float)((double)clamp32(throttle, -1.0f, 1.0f) * power - slope);
    velocity = clamp32(velocity + push, -speed_max, speed_max);
    position = clamp32(position + velocity, position_min, position_max);
    if (position == position_min && velocity < 0.0f) velocity = 0.0f;
    bool ended = position >= goal && velocity >= 0.0f;
    reward = (ended ? 100.0 : 0.0) - (double)throttle * (double)throttle * 0.1;
    return ended;
  }
};
