#include "clients/cli/pub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cli/exit_code.h"
#include "tests/unit/cli/fake_bridge.h"
#include "tests/unit/cli/test_io.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PubOptions Options() {
  PubOptions options;
  options.topic = "build.42";
  return options;
}

class PubTest : public ::testing::Test {
 protected:
  // Publishes `input`, all of it.
  int Run(const PubOptions& options, absl::string_view input) {
    io_.Write(input);
    io_.CloseInput();
    return RunPub(options, bridge_.endpoints(), io_.io());
  }

  // Begins to publish; the test goes on to write.
  std::future<int> Start(const PubOptions& options) {
    return std::async(std::launch::async, [this, options] {
      return RunPub(options, bridge_.endpoints(), io_.io());
    });
  }

  FakeBridge bridge_;
  TestIo io_;
};

TEST_F(PubTest, EachLineIsAnEventAndTheTopicStaysOpen) {
  EXPECT_EQ(Run(Options(), "one\ntwo\r\n\nlast"), kExitOk);
  EXPECT_THAT(bridge_.texts(), ElementsAre("one", "two", "", "last"));
  EXPECT_EQ(bridge_.requests()[0].topic(), "build.42");
  EXPECT_EQ(bridge_.requests()[0].on_abort(), v1::ON_ABORT_UNSPECIFIED);
  EXPECT_FALSE(bridge_.end().has_value());
  EXPECT_TRUE(bridge_.half_closed());
  EXPECT_EQ(io_.Err(), "");
}

TEST_F(PubTest, ALineIsSentAtOnceNotWhenTheInputEnds) {
  auto exit = Start(Options());
  io_.Write("first\n");
  bridge_.WaitForEvents(1);
  io_.Write("second\nunfinished");
  bridge_.WaitForEvents(2);
  io_.CloseInput();
  EXPECT_EQ(exit.get(), kExitOk);
  EXPECT_THAT(bridge_.texts(), ElementsAre("first", "second", "unfinished"));
}

TEST_F(PubTest, LinesThatWaitShareARequest) {
  std::string input;
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&input, i, "\n");
  EXPECT_EQ(Run(Options(), input), kExitOk);
  EXPECT_EQ(bridge_.texts().size(), 1000u);
  // One that names the topic, 15 full ones and a rest.
  EXPECT_LE(bridge_.requests().size(), 18u);
}

TEST_F(PubTest, InputFarLargerThanAllBuffersArrivesWhole) {
  auto exit = Start(Options());
  const std::string line(1000, 'x');
  for (int i = 0; i < 20000; ++i) io_.Write(line + "\n");
  io_.CloseInput();
  EXPECT_EQ(exit.get(), kExitOk);
  EXPECT_EQ(bridge_.texts().size(), 20000u);
}

TEST_F(PubTest, EndCompletesTheTopicAfterTheEvents) {
  PubOptions options = Options();
  options.end.emplace();
  EXPECT_EQ(Run(options, "one\n"), kExitOk);
  ASSERT_TRUE(bridge_.end().has_value());
  EXPECT_FALSE(bridge_.end()->has_error());
  EXPECT_TRUE(bridge_.requests().back().has_end());
}

TEST_F(PubTest, AnEmptyInputPublishesNothingButTheEnd) {
  PubOptions options = Options();
  options.end.emplace();
  options.end->mutable_error()->set_code(8);
  EXPECT_EQ(Run(options, ""), kExitOk);
  EXPECT_THAT(bridge_.texts(), IsEmpty());
  EXPECT_EQ(bridge_.end()->error().code(), 8);
}

TEST_F(PubTest, WholeIsOneEventWithItsId) {
  PubOptions options = Options();
  options.shape.whole = true;
  options.shape.id = "report-7";
  EXPECT_EQ(Run(options, "one\ntwo\n"), kExitOk);
  EXPECT_THAT(bridge_.texts(), ElementsAre("one\ntwo\n"));
  EXPECT_EQ(bridge_.events()[0].id(), "report-7");
}

TEST_F(PubTest, OnAbortFailIsSaidWithTheTopic) {
  PubOptions options = Options();
  options.on_abort_fail = true;
  EXPECT_EQ(Run(options, ""), kExitOk);
  EXPECT_EQ(bridge_.requests()[0].on_abort(), v1::ON_ABORT_FAIL);
}

TEST_F(PubTest, ALineThatIsNotJsonEndsItWithoutAnEnd) {
  PubOptions options = Options();
  options.shape.json = true;
  options.end.emplace();
  EXPECT_EQ(Run(options, "{}\n[1]\nnot\n{}\n"), kExitFailure);
  EXPECT_EQ(bridge_.events().size(), 2u);
  EXPECT_FALSE(bridge_.end().has_value());
  EXPECT_THAT(io_.Err(), HasSubstr("line 3 is not JSON"));
}

TEST_F(PubTest, InvalidUtf8IsReplacedAndToldOnce) {
  EXPECT_EQ(Run(Options(), "caf\xE9\n\xFF\n"), kExitOk);
  EXPECT_THAT(bridge_.texts(), ElementsAre("caf\uFFFD", "\uFFFD"));
  EXPECT_EQ(io_.Err(),
            "sluice: the input is not all UTF-8; what is not becomes "
            "U+FFFD\n");
}

TEST_F(PubTest, AFailedCallEndsItThoughTheInputStaysSilent) {
  bridge_.FailAfter(1, {grpc::StatusCode::PERMISSION_DENIED, "not yours"}, 0);
  EXPECT_EQ(Start(Options()).get(), kExitFailure);
  EXPECT_THAT(io_.Err(), HasSubstr("PERMISSION_DENIED: not yours"));
}

TEST_F(PubTest, ARefusedEventIsNamedByFieldAndLine) {
  bridge_.FailAfter(
      2,
      {grpc::StatusCode::INVALID_ARGUMENT, "a text is [DONE]",
       BadRequestDetails("requests[1].events[2].text", "use an end")},
      12);
  EXPECT_EQ(Run(Options(), "a\nb\n[DONE]\n"), kExitFailure);
  EXPECT_EQ(io_.Err(),
            "sluice: INVALID_ARGUMENT: a text is [DONE] "
            "(requests[1].events[2].text: use an end), line 3\n"
            "sluice: 12 events accepted before that\n");
}

TEST_F(PubTest, FewerStoredThanSentIsAFailure) {
  bridge_.Forget();
  EXPECT_EQ(Run(Options(), "a\nb\n"), kExitFailure);
  EXPECT_THAT(io_.Err(), HasSubstr("0 of 2 events"));
}

TEST_F(PubTest, AckedGoesOverTheCallWithFeedback) {
  PubOptions options = Options();
  options.acked = true;
  options.end.emplace();
  EXPECT_EQ(Run(options, "a\nb\n"), kExitOk);
  EXPECT_THAT(bridge_.texts(), ElementsAre("a", "b"));
  EXPECT_TRUE(bridge_.end().has_value());
}

TEST_F(PubTest, AckedFailsIfTheAcksDoNotCoverAll) {
  bridge_.Forget();
  PubOptions options = Options();
  options.acked = true;
  EXPECT_EQ(Run(options, "a\n"), kExitFailure);
}

TEST_F(PubTest, AReadersWishToStopIsTold) {
  bridge_.SendStop("enough");
  PubOptions options = Options();
  options.acked = true;
  Run(options, "a\n");
  EXPECT_THAT(io_.Err(), HasSubstr("a reader asks to stop: enough"));
}

TEST_F(PubTest, NewReplacesAnEndedTopic) {
  PubOptions options = Options();
  options.create = true;
  EXPECT_EQ(Run(options, "a\n"), kExitOk);
  ASSERT_EQ(bridge_.created().size(), 1u);
  EXPECT_EQ(bridge_.created()[0].topic(), "build.42");
  EXPECT_TRUE(bridge_.created()[0].replace_ended());
}

TEST_F(PubTest, NewRefusesAnOpenTopicAndPublishesNothing) {
  bridge_.SetCreateStatus({grpc::StatusCode::ALREADY_EXISTS, "it is there"});
  PubOptions options = Options();
  options.create = true;
  EXPECT_EQ(Run(options, "a\n"), kExitFailure);
  EXPECT_THAT(io_.Err(), HasSubstr("build.42 is still open"));
  EXPECT_THAT(bridge_.requests(), IsEmpty());
}

TEST_F(PubTest, CtrlCHalfClosesWhatWasSentAndSendsNoEnd) {
  PubOptions options = Options();
  options.end.emplace();
  auto exit = Start(options);
  io_.Write("one\n");
  bridge_.WaitForEvents(1);
  io_.interrupt.Raise();
  EXPECT_EQ(exit.get(), kExitInterrupted);
  EXPECT_TRUE(bridge_.half_closed());
  EXPECT_FALSE(bridge_.end().has_value());
}

TEST_F(PubTest, CtrlCDropsWhatTheRateStillHoldsBack) {
  PubOptions options = Options();
  options.rate = 0.001;
  auto exit = Start(options);
  io_.Write("one\ntwo\nthree\n");
  bridge_.WaitForEvents(1);
  io_.interrupt.Raise();
  EXPECT_EQ(exit.get(), kExitInterrupted);
  EXPECT_THAT(bridge_.texts(), ElementsAre("one"));
}

TEST(PubUnreachableTest, ABridgeThatIsNotThereIsAClearSentence) {
  TestIo io;
  // Port 1 is not open to anybody but root's tcpmux, which nobody runs.
  EXPECT_EQ(RunPub(Options(), {"127.0.0.1:1", ""}, io.io()), kExitFailure);
  EXPECT_THAT(io.Err(), HasSubstr("can't reach the bridge at 127.0.0.1:1"));
}

}  // namespace
}  // namespace sluice
