#pragma once

#include <cstdint>
#include <random>

namespace sluice {

// Chance that a seed repeats.
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}

  // 0 to `sides` - 1.
  uint64_t Below(uint64_t sides) { return engine_() % sides; }
  // `from` to `to`, both included.
  uint64_t Between(uint64_t from, uint64_t to) {
    return from + Below(to - from + 1);
  }
  bool OneIn(uint64_t sides) { return Below(sides) == 0; }

  // The seed of another.
  uint64_t Seed() { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

// SLUICE_SEED, or one that nobody knows; printed, so that a run can be had
// again; the same for the whole of it.
uint64_t SeedOfThisRun();

}  // namespace sluice
