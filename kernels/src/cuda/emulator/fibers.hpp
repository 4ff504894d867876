// One fiber per CUDA thread. A fiber that comes to a barrier or to a warp shuffle yields; all go on when the whole block, or the
// whole warp, has come. A barrier that only some threads reach stops the program with the number of the block.
#pragma once
#include <ucontext.h>

namespace emu {
enum State { RUN, AT_BLOCK, AT_WARP, DONE };
struct Fiber { ucontext_t context; dim3 tid; unsigned lane, warp; State state; };
inline dim3 grid, block, bid;
inline Fiber *self;
inline ucontext_t scheduler;
inline std::vector<Fiber> fibers;
inline std::vector<char> stacks;
inline uint64_t exchange[32][32];
inline std::vector<uint64_t> dynamic;
inline void (*body)(void *);
inline void *argument;
constexpr size_t STACK = 96 << 10;

inline void wait(State state) {
  self->state = state;
  Fiber *me = self;
  swapcontext(&me->context, &scheduler);
}
// Lets the others of the block run: for waiting on what one of them will write.
inline void yield() { wait(RUN); }
inline void start() {
  body(argument);
  wait(DONE);
}
template <class T> inline T shuffle(T value, unsigned from) {
  static_assert(sizeof(T) <= 8, "shuffles of up to 8 bytes");
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  exchange[self->warp][self->lane] = bits;
  wait(AT_WARP);
  bits = exchange[self->warp][from & 31];
  wait(AT_WARP);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}
// Shows up to 64 bytes of each lane to its warp, until `shared_done`.
inline char shown[32][32][64];
inline void share(const void *bytes, size_t count) {
  std::memcpy(shown[self->warp][self->lane], bytes, count);
  wait(AT_WARP);
}
inline const void *shared_of(unsigned lane) { return shown[self->warp][lane]; }
inline void shared_done() { wait(AT_WARP); }
// Lets the fibers of a group that all wait go on; true if there were any.
inline bool release(unsigned first, unsigned end, State state) {
  unsigned waiting = 0, live = 0;
  for (unsigned t = first; t < end; ++t) waiting += fibers[t].state == state, live += fibers[t].state != DONE;
  if (waiting == 0 || waiting < live) return false;
  for (unsigned t = first; t < end; ++t)
    if (fibers[t].state == state) fibers[t].state = RUN;
  return true;
}
inline void run_block() {
  unsigned n = block.x * block.y * block.z;
  for (unsigned t = 0; t < n; ++t) {
    Fiber &f = fibers[t];
    getcontext(&f.context);
    f.context.uc_stack.ss_sp = stacks.data() + t * STACK;
    f.context.uc_stack.ss_size = STACK;
    f.context.uc_link = nullptr;
    f.tid = dim3{t % block.x, (t / block.x) % block.y, t / (block.x * block.y)};
    f.lane = t & 31, f.warp = t >> 5, f.state = RUN;
    makecontext(&f.context, start, 0);
  }
  for (;;) {
    bool ran = false, live = false;
    for (unsigned t = 0; t < n; ++t) {
      Fiber &f = fibers[t];
      if (f.state == RUN) {
        self = &f;
        swapcontext(&scheduler, &f.context);
        ran = true;
      }
      live |= f.state != DONE;
    }
    if (!live) return;
    for (unsigned w = 0; w < n; w += 32) ran |= release(w, std::min(n, w + 32), AT_WARP);
    ran |= release(0, n, AT_BLOCK);
    if (!ran) {
      std::fprintf(stderr, "divergent barrier in block (%u, %u, %u)\n", bid.x, bid.y, bid.z);
      std::abort();
    }
  }
}
inline void launch(const unsigned *g, const unsigned *b, unsigned shared_bytes, void (*f)(void *), void *a) {
  grid = dim3{g[0], g[1], g[2]}, block = dim3{b[0], b[1], b[2]}, body = f, argument = a;
  unsigned n = block.x * block.y * block.z;
  if (fibers.size() < n) fibers.resize(n), stacks.resize(n * STACK);
  dynamic.assign(shared_bytes / 8 + 2, 0x7FF4DEAD7FF4DEADull);
  for (bid.z = 0; bid.z < grid.z; ++bid.z)
    for (bid.y = 0; bid.y < grid.y; ++bid.y)
      for (bid.x = 0; bid.x < grid.x; ++bid.x) run_block();
}
} // namespace emu
