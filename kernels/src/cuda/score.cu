// Scores of classifiers: for each member the mean over its rows of log softmax(z)[label], or of being right.
//
// z is (members, rows, classes). A thread has one member and sums in the order of the rows. Grid: members. Bytes: z once; twin:
// `classify/classifier.rs` of the tasks, same bits.

extern "C" __global__ void __launch_bounds__(128)
    score(const float *__restrict__ z, const u32 *__restrict__ labels, u32 members, u32 rows, u32 classes, u32 accuracy,
          float *__restrict__ scores) {
  u32 member = blockIdx.x * blockDim.x + threadIdx.x;
  if (member >= members) return;
  const float share = 1.0f / (float)rows;
  float sum = 0.0f;
  for (u32 row = 0; row < rows; ++row) {
    const float *of = z + ((u64)member * rows + row) * classes;
    float largest = of[0], total = 0.0f, target = of[labels[row]];
    for (u32 c = 1; c < classes; ++c) largest = of[c] > largest ? of[c] : largest;
    if (accuracy) {
      sum += target >= largest ? 1.0f : 0.0f;
      continue;
    }
    for (u32 c = 0; c < classes; ++c) total += exp32(of[c] - largest);
    sum += (target - largest) - ln32(total);
  }
  scores[member] = sum * share;
}
