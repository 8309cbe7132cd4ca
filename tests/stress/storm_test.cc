#include "tests/stress/storm.h"

#include <dirent.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/stress/dice.h"
#include "tests/stress/direct_link.h"
#include "tests/stress/eventually.h"
#include "tests/stress/storm_run.h"

#ifdef SLUICE_STORM_GRPC
#include "bridge/grpc/server.h"
#include "tests/stress/grpc_link.h"
#endif

namespace sluice {
namespace {

// How long a storm rages: SLUICE_STORM_SECONDS, or what the build says.
std::chrono::seconds Length(int by_default) {
  const char* given = std::getenv("SLUICE_STORM_SECONDS");
  return std::chrono::seconds(given != nullptr ? std::atoi(given) : by_default);
}

size_t CountEntries(const char* directory) {
  size_t count = 0;
  DIR* dir = opendir(directory);
  while (readdir(dir) != nullptr) ++count;
  closedir(dir);
  return count;
}
size_t Descriptors() { return CountEntries("/proc/self/fd"); }
size_t Threads() { return CountEntries("/proc/self/task"); }

TopicSettings StormDefaults() {
  TopicSettings settings;
  settings.retention_events = 1000000;
  settings.retention_bytes = 256 << 20;
  settings.retention_age = absl::Seconds(30);
  return settings;
}

// What an HTTP side without clients holds open.
size_t DescriptorsOf(HttpSide& side, int loops) {
  const size_t none = Descriptors();
  HttpOptions options = HttpSide::Options();
  options.loops = loops;
  side.StartHttp(options);
  const size_t some = Descriptors();
  side.StopHttp();
  return some - none;
}

void Rage(Storm& storm, const LinkFactory& make_link, int seconds) {
  const size_t one_loop = DescriptorsOf(storm.side, 1);
  const size_t two_loops = DescriptorsOf(storm.side, 2);
  const size_t none = Descriptors();
  std::string summary;
  {
    StormRun run(storm, make_link, SeedOfThisRun());
    run.Run(Length(seconds));
    summary = run.Summary();
  }
  std::printf("%s\n", summary.c_str());
  EXPECT_TRUE(storm.findings.none()) << summary << "\n"
                                     << storm.findings.ToString();
  const auto loops = static_cast<size_t>(storm.side.options().loops);
  const size_t some = none + one_loop + (loops - 1) * (two_loops - one_loop);
  EXPECT_TRUE(Eventually([&] { return Descriptors() <= some; }))
      << "connections are left: " << Descriptors() << " and not " << some;
}

TEST(StormTest, NothingIsLostDoubledOrReorderedOnItsWayFromTheStore) {
  std::thread([] {}).join();  // a sanitizer starts its own with the first
  const size_t threads = Threads();
  {
    Storm storm(StormDefaults());
    Rage(storm, NewDirectLink, SLUICE_STORM_SECONDS);
  }
  EXPECT_TRUE(Eventually([&] { return Threads() == threads; }))
      << "threads are left";
}

#ifdef SLUICE_STORM_GRPC
TEST(StormTest, NothingIsLostDoubledOrReorderedOnItsWayFromGrpcProducers) {
  Storm storm(StormDefaults());
  GrpcServerOptions options;
  options.listen = "127.0.0.1:0";
  options.topic_rules = TopicRules(StormDefaults());
  options.publish.grace = absl::Milliseconds(30);
  GrpcServer server(storm.side.hub(), options);
  ASSERT_TRUE(server.Start().ok());
  Rage(
      storm, [&server](Storm& s) { return NewGrpcLink(s, server.port()); },
      SLUICE_STORM_GRPC_SECONDS);
}
#endif

}  // namespace
}  // namespace sluice
