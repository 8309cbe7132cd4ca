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

}  // namespace
}  // namespace sluice
