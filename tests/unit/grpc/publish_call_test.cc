#include "bridge/grpc/publish_call.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bridge/grpc/status_detail.h"
#include "bridge/grpc/wire.h"
#include "sluice/v1/publisher_service.pb.h"
#include "tests/unit/grpc/fake_store.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kHolder = 7;

// The client: everything is done by hand, but that what is no acknowledgement
// is written at once.
class FakePeer final : public PublishCall::Peer {
 public:
  void Read() override {
    EXPECT_FALSE(finished);
    ++reads;
  }
  void Write(const PublishCall::Feedback& feedback) override {
    EXPECT_FALSE(finished);
    if (const auto* stored = absl::get_if<PublishTotals>(&feedback)) {
      writes.push_back(stored->requests);
      last = *stored;
    } else if (const auto* interest = absl::get_if<Interest>(&feedback)) {
      told.push_back(
          absl::StrCat(interest->topic, " is read by ", interest->subscribers));
    } else {
      const auto& stop = absl::get<Stop>(feedback);
      told.push_back(absl::StrCat("stop ", stop.topic, ": ", stop.reason));
    }
    const bool by_hand =
        holds || absl::holds_alternative<PublishTotals>(feedback);
    if (!by_hand) call->OnWritten(true);
  }
  void Finish(const absl::Status& result,
              const PublishTotals& stored) override {
    EXPECT_FALSE(finished);
    finished = true;
    status = result;
    last = stored;
  }

  int reads = 0;
  std::vector<uint64_t> writes;
  std::vector<std::string> told;
  bool holds = false;  // nothing is written at once
  PublishCall* call = nullptr;
  bool finished = false;
  absl::Status status;
  PublishTotals last;
};

v1::Event Text(const std::string& text) {
  v1::Event event;
  event.set_text(text);
  return event;
}

grpc::ByteBuffer Request(const std::string& topic, int events = 1,
                         v1::OnAbort on_abort = v1::ON_ABORT_UNSPECIFIED) {
  v1::PublishRequest request;
  request.set_topic(topic);
  for (int i = 0; i < events; ++i) *request.add_events() = Text("x");
  request.set_on_abort(on_abort);
  return ToBytes(request);
}

grpc::ByteBuffer EndOf(const std::string& topic) {
  v1::PublishRequest request;
  request.set_topic(topic);
  request.mutable_end();
  return ToBytes(request);
}

grpc::ByteBuffer Bad() { return Request("not a topic"); }

class PublishCallTest : public testing::Test {
 protected:
  PublishCallTest() { hub_.SetStore(&store_); }

  std::shared_ptr<PublishCall> Start(bool gives_feedback = false) {
    call_ = std::make_shared<PublishCall>(hub_, options_, kHolder,
                                          gives_feedback, peer_);
    peer_.call = call_.get();
    call_->Start();
    return call_;
  }

  // A view of `topic` that somebody may read.
  std::unique_ptr<TopicView> Watch(const std::string& topic) {
    return hub_.Watch(
        *Selector::Parse({topic}), inbox_, [] {}, [] {});
  }

  std::vector<std::string> ReleasedTopics() const {
    std::vector<std::string> topics;
    for (const auto& released : store_.released) {
      topics.push_back(released.topic);
    }
    return topics;
  }

  FakeStore store_;
  Hub hub_;
  LoopInbox inbox_{[] {}};
  FakePeer peer_;
  PublishOptions options_;
  std::shared_ptr<PublishCall> call_;
};

TEST_F(PublishCallTest, ReadsOneRequestAtATime) {
  store_.answer_at_once = true;
  Start();
  EXPECT_EQ(peer_.reads, 1);
  call_->OnRequest(Request("a"));
  EXPECT_EQ(peer_.reads, 2);
  call_->OnRequest(Request(""));
  EXPECT_EQ(peer_.reads, 3);
}

TEST_F(PublishCallTest, ReadsOnWhileTheStoreIsSlow) {
  Start();
  call_->OnRequest(Request("a"));
  call_->OnRequest(Request("b"));
  EXPECT_EQ(peer_.reads, 3);
  ASSERT_EQ(store_.waiting.size(), 2u);
  EXPECT_EQ(store_.waiting[0].request.topic, "a");
  EXPECT_EQ(store_.waiting[1].request.topic, "b");
}

TEST_F(PublishCallTest, AFullWindowOfRequestsStopsTheReading) {
  options_.window_requests = 2;
  Start();
  call_->OnRequest(Request("a"));
  call_->OnRequest(Request("a"));
  EXPECT_EQ(peer_.reads, 2);
  store_.Answer();
  EXPECT_EQ(peer_.reads, 3);
}

TEST_F(PublishCallTest, AFullWindowOfBytesStopsTheReading) {
  options_.window_bytes = 1;
  Start();
  call_->OnRequest(Request("a"));
  EXPECT_EQ(peer_.reads, 1);
  store_.Answer();
  EXPECT_EQ(peer_.reads, 2);
}

TEST_F(PublishCallTest, SmallEventsFillTheWindowWithWhatTheyTakeInMemory) {
  Start();
  int requests = 0;
  while (peer_.reads > requests) {
    call_->OnRequest(Request("a", /*events=*/1000));
    ++requests;
  }
  EXPECT_LE(requests, 5);
  store_.Answer();
  EXPECT_EQ(peer_.reads, requests + 1);
}

TEST_F(PublishCallTest, AnswersOnceTheStoreHasAnsweredAll) {
  Start();
  call_->OnRequest(Request("a", 2));
  call_->OnRequest(EndOf("a"));
  call_->OnHalfClose();
  EXPECT_FALSE(peer_.finished);
  store_.Answer();
  EXPECT_FALSE(peer_.finished);
  store_.Answer();
  ASSERT_TRUE(peer_.finished);
  EXPECT_TRUE(peer_.status.ok());
  EXPECT_EQ(peer_.last.requests, 2u);
  EXPECT_EQ(peer_.last.accepted, 2u);
  EXPECT_EQ(peer_.last.LastCursorText(), store_.CursorOf(3));
}

TEST_F(PublishCallTest, ACallWithoutARequestIsOkWithZeros) {
  Start(/*gives_feedback=*/true)->OnHalfClose();
  ASSERT_TRUE(peer_.finished);
  EXPECT_TRUE(peer_.status.ok());
  EXPECT_THAT(peer_.writes, IsEmpty());
  EXPECT_EQ(peer_.last.LastCursorText(), "");
}

TEST_F(PublishCallTest, DuplicatesAreCountedApart) {
  Start();
  call_->OnRequest(Request("a", 3));
  call_->OnHalfClose();
  store_.Answer(0, Store::Appended{1, 2, 9});
  EXPECT_EQ(peer_.last.accepted, 1u);
  EXPECT_EQ(peer_.last.duplicates, 2u);
  EXPECT_EQ(peer_.last.LastCursorText(), store_.CursorOf(9));
}

TEST_F(PublishCallTest, ARequestOfNothingKeepsTheLastCursor) {
  Start();
  call_->OnRequest(Request("a"));
  call_->OnRequest(Request("a", 0));
  call_->OnHalfClose();
  store_.Answer();
  store_.Answer(0, Store::Appended{});
  EXPECT_EQ(peer_.last.requests, 2u);
  EXPECT_EQ(peer_.last.LastCursorText(), store_.CursorOf(1));
}

TEST_F(PublishCallTest, AnswersOutOfOrderCountInOrder) {
  Start(/*gives_feedback=*/true);
  call_->OnRequest(Request("a"));
  call_->OnRequest(Request("b"));
  store_.Answer(1);
  EXPECT_THAT(peer_.writes, IsEmpty());
  store_.Answer(0);
  EXPECT_THAT(peer_.writes, ElementsAre(2));
}

TEST_F(PublishCallTest, AcksAreCumulativeAndOneAtATime) {
  Start(/*gives_feedback=*/true);
  for (int i = 0; i < 3; ++i) call_->OnRequest(Request("a"));
  store_.Answer();
  store_.Answer();
  store_.Answer();
  EXPECT_THAT(peer_.writes, ElementsAre(1));
  call_->OnWritten(true);
  EXPECT_THAT(peer_.writes, ElementsAre(1, 3));
}

TEST_F(PublishCallTest, WhetherATopicIsReadIsToldAtItsFirstRequest) {
  const auto view = Watch("b");
  view->CountSubscribers(2);
  Start(/*gives_feedback=*/true);
  call_->OnRequest(Request("a"));
  call_->OnRequest(Request("a"));
  call_->OnRequest(Request("b"));
  EXPECT_THAT(peer_.told, ElementsAre("a is read by 0", "b is read by 2"));
  view->CountSubscribers(-2);
}

TEST_F(PublishCallTest, OnlyTheFirstReaderAndTheLastAreTold) {
  Start(/*gives_feedback=*/true);
  call_->OnRequest(Request("a.b"));
  const auto view = Watch("a.b");
  const auto other = Watch("a.*");
  peer_.told.clear();
  view->CountSubscribers(1);
  view->CountSubscribers(1);
  other->CountSubscribers(1);
  view->CountSubscribers(-2);
  EXPECT_THAT(peer_.told, ElementsAre("a.b is read by 1"));
  other->CountSubscribers(-1);
  EXPECT_THAT(peer_.told, ElementsAre("a.b is read by 1", "a.b is read by 0"));
}

TEST_F(PublishCallTest, AReaderWhoLeavesBeforeTheClientHearsOfItIsNotTold) {
  Start(/*gives_feedback=*/true);
  call_->OnRequest(Request("a"));
  const auto view = Watch("a");
  peer_.holds = true;
  call_->OnStop("a", "");
  peer_.told.clear();
  view->CountSubscribers(1);
  view->CountSubscribers(-1);
  call_->OnWritten(true);
  EXPECT_THAT(peer_.told, IsEmpty());
}

TEST_F(PublishCallTest, AStopReachesEachCallThatListensOnce) {
  Start(/*gives_feedback=*/true);
  call_->OnRequest(Request("a"));
  FakePeer deaf_peer;
  const auto deaf = std::make_shared<PublishCall>(hub_, options_, kHolder + 1,
                                                  false, deaf_peer);
  deaf->Start();
  deaf->OnRequest(Request("a"));
  peer_.told.clear();
  EXPECT_EQ(hub_.producers().Stop("a", "enough"), 1u);
  EXPECT_EQ(hub_.producers().Stop("b", ""), 0u);
  EXPECT_THAT(peer_.told, ElementsAre("stop a: enough"));
  deaf->OnCancel();
}

TEST_F(PublishCallTest, StopsThatWaitForAnotherWriteAreOneATopic) {
  Start(/*gives_feedback=*/true);
  call_->OnRequest(Request("a"));
  call_->OnRequest(Request("b"));
  peer_.told.clear();
  peer_.holds = true;
  for (const char* topic : {"a", "a", "b", "a", "b"})
    hub_.producers().Stop(topic, "");
  for (int i = 0; i < 5; ++i) call_->OnWritten(true);
  EXPECT_THAT(peer_.told, ElementsAre("stop a: ", "stop a: ", "stop b: "));
}

TEST_F(PublishCallTest, AfterItsEndATopicHasNobodyToStop) {
  store_.answer_at_once = true;
  Start(/*gives_feedback=*/true);
  call_->OnRequest(Request("a"));
  call_->OnRequest(EndOf("a"));
  EXPECT_EQ(hub_.producers().Stop("a", ""), 0u);
}

TEST_F(PublishCallTest, TheFinalAckComesBeforeTheStatus) {
  store_.answer_at_once = true;
  Start(/*gives_feedback=*/true);
  call_->OnRequest(Request("a"));
  call_->OnRequest(Request("a"));
  call_->OnHalfClose();
  EXPECT_FALSE(peer_.finished);
  call_->OnWritten(true);
  EXPECT_THAT(peer_.writes, ElementsAre(1, 2));
  EXPECT_FALSE(peer_.finished);
  call_->OnWritten(true);
  EXPECT_TRUE(peer_.finished);
}

TEST_F(PublishCallTest, ABadRequestWaitsForThoseBefore) {
  Start();
  call_->OnRequest(Request("a", 2));
  call_->OnRequest(Bad());
  EXPECT_EQ(peer_.reads, 2);
  EXPECT_FALSE(peer_.finished);
  store_.Answer();
  ASSERT_TRUE(peer_.finished);
  EXPECT_EQ(peer_.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(peer_.status), "requests[1].topic");
  EXPECT_EQ(peer_.last.accepted, 2u);
}

TEST_F(PublishCallTest, WhatComesAfterAnErrorIsNotStored) {
  Start();
  call_->OnRequest(Request("a"));
  call_->OnRequest(Bad());
  call_->OnRequest(Request("a"));
  EXPECT_EQ(store_.waiting.size(), 1u);
  store_.Answer();
  call_->OnRequest(Request("a"));
  EXPECT_THAT(store_.waiting, IsEmpty());
}

TEST_F(PublishCallTest, TheStoresErrorIsThatOfItsRequest) {
  Start();
  call_->OnRequest(Request("a", 2));
  call_->OnRequest(Request("b"));
  call_->OnRequest(Request("c"));
  store_.Answer(1, absl::FailedPreconditionError("it has ended"));
  EXPECT_FALSE(peer_.finished);
  store_.Answer(0);
  ASSERT_TRUE(peer_.finished);
  EXPECT_EQ(peer_.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(FieldOf(peer_.status), "requests[1]");
  EXPECT_EQ(peer_.last.accepted, 2u);
  store_.Answer(0);
  EXPECT_EQ(peer_.last.accepted, 2u);
}

TEST_F(PublishCallTest, AnyFinishReleasesWhatIsHeld) {
  store_.answer_at_once = true;
  options_.grace = absl::Seconds(3);
  Start();
  call_->OnRequest(Request("a", 1, v1::ON_ABORT_FAIL));
  call_->OnHalfClose();
  ASSERT_EQ(store_.released.size(), 1u);
  EXPECT_EQ(store_.released[0].topic, "a");
  EXPECT_EQ(store_.released[0].lease.holder, kHolder);
  EXPECT_TRUE(store_.released[0].lease.fail_on_abort);
  EXPECT_EQ(store_.released[0].grace, absl::Seconds(3));
}

TEST_F(PublishCallTest, AnErrorReleasesWhatIsHeld) {
  store_.answer_at_once = true;
  Start();
  call_->OnRequest(Request("a"));
  call_->OnRequest(Bad());
  EXPECT_THAT(ReleasedTopics(), ElementsAre("a"));
}

TEST_F(PublishCallTest, ACancelFinishesAtOnceAndReleases) {
  Start();
  call_->OnRequest(Request("a"));
  call_->OnCancel();
  ASSERT_TRUE(peer_.finished);
  EXPECT_EQ(peer_.status.code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(ReleasedTopics(), ElementsAre("a"));
}

TEST_F(PublishCallTest, AFailedWriteIsACancel) {
  store_.answer_at_once = true;
  Start(/*gives_feedback=*/true);
  call_->OnRequest(Request("a"));
  call_->OnWritten(false);
  EXPECT_TRUE(peer_.finished);
}

TEST_F(PublishCallTest, TopicsThatItEndedAreNotReleased) {
  store_.answer_at_once = true;
  Start();
  call_->OnRequest(Request("a", 1, v1::ON_ABORT_FAIL));
  call_->OnRequest(Request("b", 1, v1::ON_ABORT_FAIL));
  call_->OnRequest(EndOf("a"));
  call_->OnHalfClose();
  EXPECT_THAT(ReleasedTopics(), ElementsAre("b"));
}

TEST_F(PublishCallTest, AnEndThatTheStoreRefusedReleases) {
  Start();
  call_->OnRequest(EndOf("a"));
  store_.Answer(0, absl::FailedPreconditionError("it has ended otherwise"));
  EXPECT_THAT(ReleasedTopics(), ElementsAre("a"));
}

TEST_F(PublishCallTest, TheLastOnAbortOfATopicCounts) {
  store_.answer_at_once = true;
  Start();
  call_->OnRequest(Request("a", 1, v1::ON_ABORT_FAIL));
  call_->OnRequest(Request("b", 1));
  call_->OnRequest(Request("a", 1));
  call_->OnRequest(Request("a", 1, v1::ON_ABORT_KEEP_OPEN));
  const std::vector<bool> fails = {true, false, true, false};
  ASSERT_EQ(store_.stored.size(), fails.size());
  for (size_t i = 0; i < fails.size(); ++i) {
    ASSERT_TRUE(store_.stored[i].lease.has_value());
    EXPECT_EQ(store_.stored[i].lease->holder, kHolder);
    EXPECT_EQ(store_.stored[i].lease->fail_on_abort, fails[i]) << i;
  }
}

TEST_F(PublishCallTest, CountsAsAProducerUntilItFinishesOrEndsTheTopic) {
  store_.answer_at_once = true;
  Start();
  call_->OnRequest(Request("a"));
  call_->OnRequest(Request("a"));
  call_->OnRequest(Request("b"));
  EXPECT_EQ(hub_.producers().Count("a"), 1u);
  EXPECT_EQ(hub_.producers().Count("b"), 1u);
  call_->OnRequest(EndOf("a"));
  EXPECT_EQ(hub_.producers().Count("a"), 0u);
  call_->OnHalfClose();
  EXPECT_EQ(hub_.producers().Count("b"), 0u);
}

TEST_F(PublishCallTest, AnAnswerAfterTheFinishDoesNoHarm) {
  Start();
  call_->OnRequest(Request("a"));
  call_->OnRequest(EndOf("a"));
  call_->OnCancel();
  call_.reset();
  store_.Answer();
  store_.Answer();
  EXPECT_EQ(peer_.last.requests, 0u);
}

}  // namespace
}  // namespace sluice
