#include "tests/stress/rage.h"

#include <dirent.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/stress/dice.h"
#include "tests/stress/eventually.h"
#include "tests/stress/storm_run.h"

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

}  // namespace

TopicSettings StormDefaults() {
  TopicSettings settings;
  settings.retention_events = 1000000;
  settings.retention_bytes = 256 << 20;
  settings.retention_age = absl::Seconds(30);
  return settings;
}

size_t CountThreads() { return CountEntries("/proc/self/task"); }

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

}  // namespace sluice
