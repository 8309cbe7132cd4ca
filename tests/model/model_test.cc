// The real store, hub and places beside the model: random steps, and after each
// the two must agree. SLUICE_SEED repeats a run, SLUICE_MODEL_STEPS says how
// long it is.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "tests/model/episode.h"

namespace sluice {
namespace {

constexpr int kStepsAnEpisode = 20000;

int64_t FromEnvironment(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoll(text);
}

TEST(ModelTest, StoreHubAndPlacesAreAsTheModelSays) {
  const int64_t steps =
      FromEnvironment("SLUICE_MODEL_STEPS", SLUICE_MODEL_STEPS);
  const auto first = static_cast<uint32_t>(
      FromEnvironment("SLUICE_SEED", std::random_device()()));
  std::cout << "SLUICE_SEED=" << first << ", " << steps << " steps"
            << std::endl;
  for (int64_t done = 0; done < steps; done += kStepsAnEpisode) {
    const auto seed = first + static_cast<uint32_t>(done / kStepsAnEpisode);
    Episode episode(seed);
    for (int step = 0; step < kStepsAnEpisode; ++step) {
      episode.Step();
      ASSERT_FALSE(testing::Test::HasFailure())
          << "step " << step << " of SLUICE_SEED=" << seed;
    }
    episode.Finish();
  }
}

}  // namespace
}  // namespace sluice
