#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/stress/dice.h"
#include "tests/stress/direct_link.h"
#include "tests/stress/eventually.h"
#include "tests/stress/faulty_sockets.h"
#include "tests/stress/http_side.h"
#include "tests/stress/race_reader.h"
#include "tests/stress/rage.h"

namespace sluice {
namespace {

using testing::ElementsAreArray;

TEST(FaultsTest, NothingIsLostDoubledOrReorderedOverSocketsThatFail) {
  FaultRates rates;
  rates.again = 10;
  rates.interrupted = 10;
  rates.part = 4;
  rates.broken = 500;
  rates.no_descriptor = 50;
  Storm storm(StormDefaults());
  storm.faulty = true;
  const FaultySockets sockets(rates, SeedOfThisRun());
  Rage(storm, NewDirectLink, SLUICE_STORM_SECONDS);
  const FaultCounts counts = sockets.counts();
  std::printf("%s\n", counts.ToString().c_str());
  for (const uint64_t count : {counts.again, counts.interrupted, counts.part,
                               counts.broken, counts.no_descriptor})
    EXPECT_GT(count, 0u) << counts.ToString();
}

TEST(FaultsTest, ASocketThatTakesLittleAtATimeIsNotAskedInVain) {
  HttpSide side;
  side.StartHttp();
  const std::vector<std::string> texts = {std::string(3000, 'a'),
                                          std::string(3000, 'b')};
  FaultRates rates;
  rates.part = 1;
  rates.again = 3;
  const FaultySockets sockets(rates, SeedOfThisRun());
  RaceReader reader;
  reader.Subscribe(side.port(), "t");
  ASSERT_TRUE(reader.WaitUntilOpen());
  side.Publish("t", texts, true);
  ASSERT_TRUE(reader.ReadToEnd());
  EXPECT_THAT(reader.texts(),
              ElementsAreArray({texts[0], texts[1], std::string("[DONE]")}));
  // Half of the calls move a byte, and the others half of what is left.
  EXPECT_LT(sockets.counts().calls, 500u) << sockets.counts().ToString();
}

TEST(FaultsTest, AtRestNoSocketIsTouched) {
  HttpSide side;
  side.StartHttp();
  FaultRates rates;
  rates.part = 2;
  rates.again = 2;
  rates.interrupted = 2;
  const FaultySockets sockets(rates, SeedOfThisRun());
  std::vector<RaceReader> readers(20);
  for (RaceReader& reader : readers) reader.Subscribe(side.port(), "many");
  side.Publish("many", {"event"}, false);
  for (RaceReader& reader : readers)
    ASSERT_TRUE(reader.WaitFor("data: event\n\n"));
  // Whatever another reader is sent meanwhile costs what it costs alone.
  constexpr int kEvents = 200;
  RaceReader other;
  other.Subscribe(side.port(), "one");
  ASSERT_TRUE(other.WaitUntilOpen());
  const uint64_t before = sockets.counts().calls;
  for (int i = 0; i < kEvents; ++i) {
    const std::string text = absl::StrCat("event ", i);
    side.Publish("one", {text}, false);
    ASSERT_TRUE(other.WaitFor(absl::StrCat("data: ", text, "\n")));
  }
  EXPECT_LT(sockets.counts().calls - before, 15u * kEvents)
      << sockets.counts().ToString();
}

TEST(FaultsTest, WithoutDescriptorsAcceptingRestsAndGoesOnByItself) {
  HttpSide side;
  side.StartHttp();
  std::vector<RaceReader> readers(20);
  {
    FaultRates rates;
    rates.no_descriptor = 1;
    const FaultySockets sockets(rates, SeedOfThisRun());
    const auto begin = std::chrono::steady_clock::now();
    for (RaceReader& reader : readers) reader.Subscribe(side.port(), "t");
    ASSERT_TRUE(Eventually([&] { return sockets.counts().accepts >= 30; }));
    const auto tenths = (std::chrono::steady_clock::now() - begin) /
                        std::chrono::milliseconds(100);
    // A try at every client that comes, and one each time a pause is over.
    EXPECT_LE(sockets.counts().accepts,
              readers.size() + 2 * static_cast<size_t>(tenths + 1));
  }
  side.Publish("t", {"event"}, true);
  for (RaceReader& reader : readers) {
    ASSERT_TRUE(reader.ReadToEnd());
    EXPECT_THAT(reader.texts(), ElementsAreArray({"event", "[DONE]"}));
  }
}

}  // namespace
}  // namespace sluice
