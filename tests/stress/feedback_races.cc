#include "tests/stress/feedback_races.h"

#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/stress/eventually.h"
#include "tests/stress/every_order.h"
#include "tests/stress/race_reader.h"

namespace sluice {
namespace {

// Whatever the one loop was about to do, it has done.
void WaitForTheLoop(int port) {
  RawClient client(port);
  client.Send("GET /nothing HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(StatusOf(client.ReadToEnd()), 404);
}

}  // namespace

void RunFeedbackRaces(
    HttpSide& side,
    const std::function<std::unique_ptr<ListeningCall>()>& make_call) {
  enum Step { kCome, kLeave, kName, kEnd, kNameInAnother, kSteps };
  int topics = 0;
  InEveryOrder(kSteps, [&](const std::vector<int>& order, unsigned pauses) {
    const std::string topic = absl::StrCat("t", ++topics);
    const auto call = make_call();
    const auto another = make_call();
    RaceReader reader;
    bool named = false;
    bool ended = false;
    for (size_t i = 0; i < order.size(); ++i) {
      const bool pause = (pauses >> i & 1) != 0;
      switch (order[i]) {
        case kCome:
          reader.Subscribe(side.port(), topic);
          if (pause) reader.WaitFor("\r\n\r\n");
          break;
        case kLeave:
          if (reader.connected()) reader.Leave(false);
          break;
        case kName:
          call->Name(topic);
          named = true;
          break;
        case kEnd:
          if (named) call->End(topic);
          ended = named;
          break;
        case kNameInAnother:
          another->Name(topic);
          break;
      }
    }
    const bool reads = reader.connected() &&
                       !side.Describe(topic).info.value_or(TopicInfo{}).end;
    ASSERT_TRUE(Eventually(
        [&] { return (side.hub().Subscribers(topic) > 0) == reads; }));
    WaitForTheLoop(side.port());
    ASSERT_TRUE(Eventually([&] { return another->told() == reads; }));
    ASSERT_TRUE(ended || !named ||
                Eventually([&] { return call->told() == reads; }));
    WaitForTheLoop(side.port());
    ASSERT_EQ(another->told(), reads);
  });
}

}  // namespace sluice
