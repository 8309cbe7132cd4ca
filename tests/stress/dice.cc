#include "tests/stress/dice.h"

#include <cstdio>
#include <cstdlib>

namespace sluice {

uint64_t SeedOfThisRun() {
  static const uint64_t kSeed = [] {
    const char* given = std::getenv("SLUICE_SEED");
    const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10)
                                           : std::random_device()();
    std::printf("SLUICE_SEED=%llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    return seed;
  }();
  return kSeed;
}

}  // namespace sluice
