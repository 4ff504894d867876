// Elementary functions with the bits of `math.rs` and `math/double.rs`: the same operations in the same order.
//
// Made of +, -, *, /, sqrt, fused multiply-add and moves of bits only; compiled without contraction (-fmad=false), so
// that a fused multiply-add is where it is written and nowhere else. Sources of the coefficients: see `math.rs`.
#pragma once

typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

__device__ __forceinline__ float fma32(float a, float b, float c) { return __fmaf_rn(a, b, c); }
__device__ __forceinline__ double fma64(double a, double b, double c) { return __fma_rn(a, b, c); }

// c[0] x^(N-1) + ... + c[N-1] by Horner's rule.
template <int N> __device__ __forceinline__ float polynomial(float x, const float (&c)[N]) {
  float p = c[0];
#pragma unroll
  for (int i = 1; i < N; ++i) p = fma32(p, x, c[i]);
  return p;
}
template <int N> __device__ __forceinline__ double polynomial64(double x, const double (&c)[N]) {
  double p = c[0];
#pragma unroll
  for (int i = 1; i < N; ++i) p = fma64(p, x, c[i]);
  return p;
}

__device__ __forceinline__ float clamp_magnitude(float x, float bound) {
  x = x > bound ? bound : x;
  return x < -bound ? -bound : x;
}

__device__ __forceinline__ float power_of_two(int n) { return __uint_as_float((u32)(n + 127) << 23); }

// e^x, x held to [-87.33, 88.72].
__device__ __forceinline__ float exp32(float x) {
  const float c[6] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
  const float round = 12582912.0f;
  x = x > 88.72283f ? 88.72283f : x;
  x = x < -87.33654f ? -87.33654f : x;
  float shifted = fma32(x, 1.44269504088896340736f, round);
  float n = shifted - round;
  float r = fma32(n, 2.12194440e-4f, fma32(n, -0.693359375f, x));
  float y = fma32(polynomial(r, c), r * r, r) + 1.0f;
  int k = (int)(__float_as_uint(shifted) - __float_as_uint(round));
  int half = k >> 1;
  return y * power_of_two(half) * power_of_two(k - half);
}

// The logarithm of x 2^(126 - bias) for a positive normal x.
__device__ __forceinline__ float ln_normal(float x, float bias) {
  const float c[9] = {7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
                      -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f};
  u32 bits = __float_as_uint(x);
  float e = (float)(int)(bits >> 23) - bias;
  float m = __uint_as_float((bits & 0x007FFFFFu) | 0x3F000000u);
  bool low = m < 0.707106781186547524400f;
  e = low ? e - 1.0f : e;
  m = low ? m + m : m;
  float t = m - 1.0f, z = t * t;
  float y = polynomial(t, c) * t * z;
  y = fma32(e, -2.12194440e-4f, y);
  y = fma32(z, -0.5f, y);
  return fma32(e, 0.693359375f, t + y);
}

// The natural logarithm; minus infinity of zero, NaN of a negative number.
__device__ __forceinline__ float ln32(float x) {
  bool subnormal = x < 1.17549435e-38f;
  float y = ln_normal(subnormal ? x * 8388608.0f : x, subnormal ? 149.0f : 126.0f);
  y = x == 0.0f ? __uint_as_float(0xFF800000u) : y;
  y = x < 0.0f ? __uint_as_float(0x7FC00000u) : y;
  return x < __uint_as_float(0x7F800000u) ? y : x;
}

__device__ __forceinline__ float tanh32(float x) {
  const float p[7] = {-2.76076847742355e-16f, 2.00018790482477e-13f, -8.60467152213735e-11f, 5.12229709037114e-08f,
                      1.48572235717979e-05f, 6.37261928875436e-04f, 4.89352455891786e-03f};
  const float q[4] = {1.19825839466702e-06f, 1.18534705686654e-04f, 2.26843463243900e-03f, 4.89352518554385e-03f};
  float b = clamp_magnitude(x, 7.90531110763549805f), z = b * b;
  float y = b * polynomial(z, p) / polynomial(z, q);
  return fabsf(x) < 0.0004f ? x : y;
}

__device__ __forceinline__ float erf32(float x) {
  const float p[7] = {-2.72614225801306e-10f, 2.77068142495902e-08f, -2.10102402082508e-06f, -5.69250639462346e-05f,
                      -7.34990630326855e-04f, -2.95459980854025e-03f, -1.60960333262415e-02f};
  const float q[5] = {-1.45660718464996e-05f, -2.13374055278905e-04f, -1.68282697438203e-03f, -7.37332916720468e-03f,
                      -1.42647390514189e-02f};
  x = clamp_magnitude(x, 4.0f);
  float z = x * x;
  return clamp_magnitude(x * polynomial(z, p) / polynomial(z, q), 1.0f);
}

// x Phi(x), by erf.
__device__ __forceinline__ float gelu32(float x) {
  float half = 0.5f * x;
  return fma32(half, erf32(x * 0.707106781186547524400f), half);
}

// Sine and cosine for |t| <= pi/4.
__device__ __forceinline__ void sin_cos_octant(float t, float &s, float &c) {
  const float p[3] = {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f};
  const float q[3] = {2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f};
  float z = t * t;
  s = fma32(polynomial(z, p) * z, t, t);
  c = fma32(polynomial(z, q) * z, z, fma32(z, -0.5f, 1.0f));
}

// The pair turned on by `quadrant` quarters of a circle.
__device__ __forceinline__ void rotate(float &s, float &c, u32 quadrant) {
  bool swap = quadrant & 1u;
  float a = swap ? c : s, b = swap ? s : c;
  s = __uint_as_float(__float_as_uint(a) ^ ((quadrant & 2u) << 30));
  c = __uint_as_float(__float_as_uint(b) ^ (((quadrant + 1u) & 2u) << 30));
}

// Sine and cosine in double precision, |x| <= 1e5.
__device__ __forceinline__ void sin_cos64(double x, double &sine, double &cosine) {
  const double S[5] = {1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06,
                       -1.98412698298579493134e-04, 8.33333333332248946124e-03};
  const double C[6] = {-1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07,
                       2.48015872894767294178e-05, -1.38888888888741095749e-03, 4.16666666666666019037e-02};
  const double round = 6755399441055744.0;
  double shifted = fma64(x, 0.63661977236758134308, round), n = shifted - round;
  double r = fma64(n, -1.57079632679489661923, x);
  double product = n * 6.123233995736766e-17;
  double product_low = fma64(n, 6.123233995736766e-17, -product);
  double high = r - product, taken = r - high;
  double lost = (r - (high + taken)) + (taken - product);
  double low = fma64(n, 1.4973849048591833e-33, lost - product_low);
  double z = high * high, v = z * high;
  double p = polynomial64(z, S);
  double s = high - (fma64(z, 0.5 * low - v * p, -low) - v * -1.66666666666666324348e-01);
  double half = 0.5 * z, w = 1.0 - half;
  p = z * polynomial64(z, C);
  double c = w + (((1.0 - w) - half) + fma64(z, p, -(high * low)));
  u64 quadrant = (u64)__double_as_longlong(shifted);
  bool swap = quadrant & 1ull;
  double a = swap ? c : s, b = swap ? s : c;
  sine = __longlong_as_double((i64)((u64)__double_as_longlong(a) ^ ((quadrant & 2ull) << 62)));
  cosine = __longlong_as_double((i64)((u64)__double_as_longlong(b) ^ (((quadrant + 1ull) & 2ull) << 62)));
}
