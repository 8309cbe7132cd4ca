#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bridge/hub/topic_view.h"
#include "tests/integration/bridge_fixture.h"

namespace sluice {
namespace {

// Nothing but a commit brings its readers back: no heartbeat, which would only
// hide that one was forgotten.
class WakeUpTest : public BridgeTest {
 protected:
  WakeUpTest() {
    config_.loops = 1;
    config_.heartbeat = absl::Hours(1);
  }

  std::unique_ptr<RawClient> Subscribe(const std::string& topic) {
    auto client = std::make_unique<RawClient>(bridge_->http_port());
    client->Send(GetTopic(topic));
    EXPECT_TRUE(client->ReadUntil(": sluice\n"));
    return client;
  }
};

TEST_F(WakeUpTest, MoreAtOnceThanWaitsForALoopReachesItsReaders) {
  Start();
  const auto reader = Subscribe("t");
  const size_t many = TopicView::kMaxWaitingEntries + 1;
  Publish("t", std::vector<std::string>(many - 1, "x"), true);
  reader->ReadToEnd();
  bool complete = false;
  EXPECT_EQ(ParseEvents(Unchunk(BodyOf(reader->received()), &complete)).size(),
            many);
  EXPECT_TRUE(complete);
}

TEST_F(WakeUpTest, WhoJoinsWhileNewsWaitTakesNobodysTurn) {
  Start();
  for (int round = 0; round < 200; ++round) {
    const std::string topic = absl::StrCat("t", round);
    const auto first = Subscribe(topic);
    // Leaves the next turn to the place behind the first.
    Publish(topic, {"a"}, false);
    ASSERT_TRUE(first->ReadUntil("data: a\n"));
    RawClient second(bridge_->http_port());
    std::thread joins([&] { second.Send(GetTopic(topic)); });
    Publish(topic, {"b"}, false);
    joins.join();
    ASSERT_TRUE(first->ReadUntil("data: b\n")) << "round " << round;
    ASSERT_TRUE(second.ReadUntil("data: b\n")) << "round " << round;
  }
}

// With no room for a second segment, keeping one drops another, which must not
// be the one that was read just now.
TEST_F(WakeUpTest, ASegmentIsThereForWhomItWasRead) {
  config_.replay_memory = 1;
  Start();
  Publish("t", {"a"}, false);
  const auto first = Subscribe("t");
  ASSERT_TRUE(first->ReadUntil("data: a\n"));
  Publish("t", {"b"}, false);
  ASSERT_TRUE(first->ReadUntil("data: b\n"));
  const auto second = Subscribe("t");
  EXPECT_TRUE(second->ReadUntil("data: b\n"));
}

}  // namespace
}  // namespace sluice
