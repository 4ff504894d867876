// One thread of the system per CUDA thread, for sanitizers: a data race between CUDA threads is one of the program, and arrays have
// the sizes that were asked for. Built as a program of its own, because a sanitizer wants to be there from the start: it reads one
// launch from a file, with all arrays it can reach, does it, and writes the arrays to another file.
#pragma once
#include <condition_variable>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>

namespace emu {
struct Lane { dim3 tid; unsigned lane, warp; };
inline dim3 grid, block;
inline thread_local dim3 bid;
inline thread_local Lane *self;
inline uint64_t exchange[32][32];
inline char shown[32][32][64];
inline std::vector<uint64_t> dynamic;

// Waits for all threads of a group that have not ended.
class Barrier {
  std::mutex mutex;
  std::condition_variable changed;
  unsigned live = 0, waiting = 0, phase = 0;
  void release() { waiting = 0, ++phase, changed.notify_all(); }

public:
  void begin(unsigned threads) { live = threads; }
  void wait() {
    std::unique_lock<std::mutex> lock(mutex);
    unsigned mine = phase;
    if (++waiting == live) return release();
    changed.wait(lock, [&] { return phase != mine; });
  }
  void leave() {
    std::unique_lock<std::mutex> lock(mutex);
    if (--live > 0 && waiting == live) release();
  }
};
struct Group { Barrier block, warps[32]; };
inline Group *group;

enum State { AT_BLOCK, AT_WARP };
inline void wait(State state) { state == AT_BLOCK ? group->block.wait() : group->warps[self->warp].wait(); }
inline void yield() { std::this_thread::yield(); }
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
inline void share(const void *bytes, size_t count) {
  std::memcpy(shown[self->warp][self->lane], bytes, count);
  wait(AT_WARP);
}
inline const void *shared_of(unsigned lane) { return shown[self->warp][lane]; }
inline void shared_done() { wait(AT_WARP); }

inline void run_block(dim3 at, void (*body)(void *), void *argument) {
  unsigned n = block.x * block.y * block.z;
  Group barriers;
  group = &barriers;
  barriers.block.begin(n);
  for (unsigned w = 0; w * 32 < n; ++w) barriers.warps[w].begin(std::min(n - w * 32, 32u));
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < n; ++t)
    threads.emplace_back([=, &barriers] {
      Lane lane{dim3{t % block.x, (t / block.x) % block.y, t / (block.x * block.y)}, t & 31, t >> 5};
      self = &lane, bid = at;
      body(argument);
      barriers.warps[lane.warp].leave();
      barriers.block.leave();
    });
  for (auto &thread : threads) thread.join();
}
inline void launch(const unsigned *g, const unsigned *b, unsigned shared_bytes, void (*f)(void *), void *a) {
  grid = dim3{g[0], g[1], g[2]}, block = dim3{b[0], b[1], b[2]};
  dynamic.assign(shared_bytes / 8 + 2, 0x7FF4DEAD7FF4DEADull);
  for (unsigned z = 0; z < grid.z; ++z)
    for (unsigned y = 0; y < grid.y; ++y)
      for (unsigned x = 0; x < grid.x; ++x) run_block(dim3{x, y, z}, f, a);
}

typedef void (*Entry)(const unsigned *, const unsigned *, unsigned, void **);
inline std::map<std::string, Entry> entries;
struct Listed {
  Listed(const char *name, Entry entry) { entries[name] = entry; }
};
inline uint64_t word(FILE *file) {
  uint64_t value = 0;
  if (fread(&value, 8, 1, file) != 1) abort();
  return value;
}

// `program KERNEL IN OUT`. IN, in words of eight bytes: grid, block, shared bytes; arrays, each with address, length in bytes and bytes;
// arguments, each with 1 before a pointer and 0 before anything else. OUT: the bytes of the arrays.
inline int serve(int words, char **word_of) {
  if (words != 4 || !entries.count(word_of[1])) return 2;
  // A barrier that only some threads reach is waited for for ever.
  alarm(300);
  FILE *in = fopen(word_of[2], "rb");
  if (!in) return 2;
  unsigned g[3], b[3];
  for (unsigned &n : g) n = word(in);
  for (unsigned &n : b) n = word(in);
  unsigned shared_bytes = word(in);
  struct Array { uint64_t address, bytes; std::unique_ptr<char[]> data; };
  std::vector<Array> arrays(word(in));
  for (Array &array : arrays) {
    array.address = word(in), array.bytes = word(in);
    array.data.reset(new char[array.bytes]);
    if (fread(array.data.get(), 1, array.bytes, in) != array.bytes) abort();
  }
  std::vector<uint64_t> values(word(in));
  for (uint64_t &value : values) {
    bool pointer = word(in);
    value = word(in);
    if (!pointer || value == 0) continue;
    for (Array &array : arrays)
      if (value - array.address <= array.bytes) {
        value = (uint64_t)(array.data.get() + (value - array.address));
        break;
      }
  }
  fclose(in);
  std::vector<void *> arguments;
  for (uint64_t &value : values) arguments.push_back(&value);
  entries[word_of[1]](g, b, shared_bytes, arguments.data());
  FILE *out = fopen(word_of[3], "wb");
  if (!out) return 2;
  for (Array &array : arrays) fwrite(array.data.get(), 1, array.bytes, out);
  return fclose(out) == 0 ? 0 : 2;
}
} // namespace emu
