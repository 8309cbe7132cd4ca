#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/bridge_fixture.h"

namespace sluice {
namespace {

using HoleTest = BridgeTest;

// What was read for one reader before retention went over it must not stand for
// what another reader misses.
TEST_F(HoleTest, AReaderBehindAHoleIsToldOfAllOfIt) {
  config_.loops = 1;
  config_.retention_events = 50;
  Start();
  const std::string big(64 << 10, 'x');
  // Takes a few events into the kernel's buffers, and no more.
  RawClient behind(bridge_->http_port(), 4096);
  behind.Send(GetTopic("t"));
  ASSERT_TRUE(behind.ReadUntil(": sluice\n"));
  for (int i = 1; i <= 30; ++i) Publish("t", {absl::StrCat(i, big)}, false);

  // One whose events are of its own, since it takes no chunks, knows the ids.
  RawClient raw(bridge_->http_port());
  raw.Send("GET /v1/topics/t/events HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(raw.ReadUntil(absl::StrCat("data: 30", big, "\n\n")));
  const std::string id =
      ParseEvents(raw.received().substr(raw.received().find("id: ")))[19].id;
  RawClient ahead(bridge_->http_port());
  ahead.Send(GetTopic("t", absl::StrCat("Last-Event-ID: ", id, "\r\n")));
  ASSERT_TRUE(ahead.ReadUntil(absl::StrCat("data: 30", big, "\n\n")));

  for (int i = 31; i <= 150; ++i) Publish("t", {absl::StrCat(i)}, false);
  Publish("t", {}, true);
  behind.ReadToEnd();
  bool complete = false;
  int due = 1;
  for (const SseEvent& event :
       ParseEvents(Unchunk(BodyOf(behind.received()), &complete))) {
    if (event.data == "[DONE]") break;
    if (event.type == "sluice.gap") {
      const size_t dash = event.id.find('-');
      ASSERT_TRUE(absl::SimpleAtoi(event.id.substr(dash + 1), &due));
      ++due;
      continue;
    }
    ASSERT_EQ(event.data.substr(0, 3), absl::StrCat(due, big).substr(0, 3));
    ++due;
  }
  EXPECT_TRUE(complete);
  EXPECT_EQ(due, 151);
}

// One of two topics loses an event that a reader passes, and the hole stands
// further on, in the tail, which has what came before the hole as well.
TEST_F(HoleTest, AHoleThatStandsFurtherOnIsToldAllTheSame) {
  config_.loops = 1;
  TopicRule rule;
  rule.match = "b";
  rule.retention_events = 2;
  config_.topics = {rule};
  Start();
  // Reads nothing, so that the tail is kept for it.
  RawClient behind(bridge_->http_port(), 4096);
  behind.Send(Get("/v1/events?topic=a&topic=b&from=latest"));
  ASSERT_TRUE(behind.ReadUntil("sluice.position\ndata: {}\n\n"));
  const std::string id =
      ParseEvents(behind.received().substr(behind.received().find("id: ")))[0]
          .id;

  const std::string big(30 << 10, 'x');
  for (int i = 1; i <= 40; ++i) {
    Publish("a", {absl::StrCat("a", i, big)}, false);
    if (i == 31) Publish("b", {"b1"}, false);
    if (i == 36) Publish("b", {"b2"}, false);
  }
  Publish("b", {"b3", "b4"}, false);

  RawClient reader(bridge_->http_port());
  reader.Send(Get(
      "/v1/events?topic=a&topic=b",
      absl::StrCat("Last-Event-ID: ", id.substr(0, id.find('-')), "-31\r\n")));
  ASSERT_TRUE(reader.ReadUntil("data: b4\n"));
  Publish("b", {}, true);
  Publish("a", {}, true);
  bool complete = false;
  std::vector<std::string> seen;
  for (const SseEvent& event :
       ParseEvents(Unchunk(BodyOf(reader.ReadToEnd()), &complete))) {
    seen.push_back(event.type.empty()
                       ? event.data.substr(0, event.data.find('x'))
                       : event.type);
  }
  EXPECT_TRUE(complete);
  std::vector<std::string> expected;
  for (int i = 32; i <= 40; ++i) {
    expected.push_back(absl::StrCat("a", i));
    if (i == 36) expected.push_back("sluice.gap");
  }
  for (const char* last :
       {"b3", "b4", "sluice.ended", "sluice.ended", "[DONE]"})
    expected.push_back(last);
  EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace sluice
