#include <gtest/gtest.h>

#include <thread>

#include "tests/stress/direct_link.h"
#include "tests/stress/eventually.h"
#include "tests/stress/rage.h"

namespace sluice {
namespace {

TEST(StormTest, NothingIsLostDoubledOrReorderedOnItsWayFromTheStore) {
  std::thread([] {}).join();  // a sanitizer starts its own with the first
  const size_t threads = CountThreads();
  {
    Storm storm(StormDefaults());
    Rage(storm, NewDirectLink, SLUICE_STORM_SECONDS);
  }
  EXPECT_TRUE(Eventually([&] { return CountThreads() == threads; }))
      << "threads are left";
}

}  // namespace
}  // namespace sluice
