// `sluice pub --feedback` and `--start-on-interest`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "clients/cli/exit_code.h"
#include "clients/cli/pub.h"
#include "tests/unit/cli/fake_bridge.h"
#include "tests/unit/cli/test_io.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PubFeedbackTest : public ::testing::Test {
 protected:
  PubFeedbackTest() {
    char folder[] = "/tmp/sluice-pub-XXXXXX";
    folder_ = mkdtemp(folder);
    options_.topic = "build.42";
    options_.feedback = true;
  }
  ~PubFeedbackTest() override {
    EXPECT_EQ(std::system(absl::StrCat("rm -r ", folder_).c_str()), 0);
    // No zombie, and nothing that still runs.
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  }

  std::future<int> Start() {
    return std::async(std::launch::async, [this] {
      return RunPub(options_, bridge_.endpoints(), io_.io());
    });
  }

  std::string File(const std::string& name) const {
    return absl::StrCat(folder_, "/", name);
  }
  void WaitForFile(const std::string& name) const {
    while (access(File(name).c_str(), F_OK) != 0) std::this_thread::yield();
  }
  void WaitForErr(const std::string& text) const {
    while (io_.Err().find(text) == std::string::npos) std::this_thread::yield();
  }

  std::string folder_;
  PubOptions options_;
  FakeBridge bridge_;
  TestIo io_;
};

TEST_F(PubFeedbackTest, TheTopicIsNamedBeforeAnythingIsRead) {
  auto exit = Start();
  bridge_.SetReaders(0);
  ASSERT_EQ(bridge_.requests().size(), 1u);
  EXPECT_EQ(bridge_.requests()[0].topic(), "build.42");
  EXPECT_EQ(bridge_.requests()[0].events_size(), 0);
  io_.CloseInput();
  EXPECT_EQ(exit.get(), kExitOk);
}

TEST_F(PubFeedbackTest, ReadersThatComeAndGoAreTold) {
  auto exit = Start();
  bridge_.SetReaders(0);
  WaitForErr("sluice: nobody reads\n");
  bridge_.SetReaders(1);
  WaitForErr("sluice: 1 reader\n");
  bridge_.SetReaders(0);
  WaitForErr("1 reader\nsluice: nobody reads\n");
  io_.CloseInput();
  EXPECT_EQ(exit.get(), kExitOk);
}

TEST_F(PubFeedbackTest, QuietTellsNothingOfReaders) {
  options_.quiet = true;
  auto exit = Start();
  bridge_.SetReaders(3);
  bridge_.AskToStop("");
  EXPECT_EQ(exit.get(), kExitOk);
  EXPECT_EQ(io_.Err(), "sluice: a reader asks to stop\n");
}

TEST_F(PubFeedbackTest, AStopEndsTheInputThoughItStaysOpen) {
  options_.end.emplace();
  auto exit = Start();
  io_.Write("one\nhalf a li");
  bridge_.WaitForEvents(1);
  bridge_.AskToStop("seen enough");
  EXPECT_EQ(exit.get(), kExitOk);
  EXPECT_THAT(bridge_.texts(), ElementsAre("one"));
  ASSERT_TRUE(bridge_.end().has_value());
  EXPECT_FALSE(bridge_.end()->has_error());
  EXPECT_THAT(io_.Err(), HasSubstr("a reader asks to stop: seen enough"));
}

TEST_F(PubFeedbackTest, AStopDropsWhatTheRateHoldsBackAndEndsNothingUnasked) {
  options_.rate = 0.001;
  auto exit = Start();
  io_.Write("one\ntwo\n");
  bridge_.WaitForEvents(1);
  bridge_.AskToStop("");
  EXPECT_EQ(exit.get(), kExitOk);
  EXPECT_THAT(bridge_.texts(), ElementsAre("one"));
  EXPECT_FALSE(bridge_.end().has_value());
  EXPECT_TRUE(bridge_.half_closed());
}

TEST_F(PubFeedbackTest, WithAckedAloneAStopIsOnlyTold) {
  options_.feedback = false;
  options_.acked = true;
  auto exit = Start();
  bridge_.AskToStop("please");
  WaitForErr("please");
  io_.Write("goes on\n");
  bridge_.WaitForEvents(1);
  io_.CloseInput();
  EXPECT_EQ(exit.get(), kExitOk);
}

TEST_F(PubFeedbackTest, ACommandStartsWithTheFirstReaderAndStopsAfterTheLast) {
  options_.command = absl::StrCat(
      "trap 'touch ", File("stopped"), "; exit 0' TERM; touch ",
      File("started"),
      "; echo $SLUICE_EVENTS; echo line; while :; do sleep 0.01; done");
  auto exit = Start();
  bridge_.SetReaders(0);
  WaitForErr("nobody reads");
  EXPECT_NE(access(File("started").c_str(), F_OK), 0);
  bridge_.SetReaders(1);
  bridge_.WaitForEvents(2);
  bridge_.SetReaders(0);
  WaitForFile("stopped");
  bridge_.SetReaders(1);
  bridge_.WaitForEvents(4);
  EXPECT_THAT(bridge_.texts(), ElementsAre("0", "line", "2", "line"));
  io_.interrupt.Raise();
  EXPECT_EQ(exit.get(), kExitInterrupted);
  EXPECT_FALSE(bridge_.end().has_value());
}

TEST_F(PubFeedbackTest, WhatACommandPrintsOnItsWayOutIsDropped) {
  options_.command =
      "trap 'echo; echo too late; exit' TERM; echo line; printf half; "
      "while :; do sleep 0.01; done";
  auto exit = Start();
  bridge_.SetReaders(1);
  bridge_.WaitForEvents(1);
  bridge_.SetReaders(0);
  WaitForErr("nobody reads");
  bridge_.SetReaders(1);
  bridge_.WaitForEvents(2);
  bridge_.AskToStop("");
  EXPECT_EQ(exit.get(), kExitOk);
  EXPECT_THAT(bridge_.texts(), ElementsAre("line", "line"));
}

TEST_F(PubFeedbackTest, ACommandThatMindsNoSigtermIsKilled) {
  options_.command_grace = absl::Milliseconds(50);
  options_.command = "trap '' TERM; echo line; while :; do sleep 0.01; done";
  auto exit = Start();
  bridge_.SetReaders(1);
  bridge_.WaitForEvents(1);
  bridge_.SetReaders(0);
  WaitForErr("nobody reads");
  // Nothing starts while the one before is there.
  bridge_.SetReaders(1);
  bridge_.WaitForEvents(2);
  bridge_.AskToStop("");
  EXPECT_EQ(exit.get(), kExitOk);
}

TEST_F(PubFeedbackTest, ACommandThatFloodsIsStoppedAllTheSame) {
  options_.command = "exec yes";
  auto exit = Start();
  bridge_.SetReaders(1);
  bridge_.WaitForEvents(100);
  bridge_.AskToStop("");
  EXPECT_EQ(exit.get(), kExitOk);
}

TEST_F(PubFeedbackTest, TheCommandsOwnExitIsTheEndOfTheInput) {
  options_.end.emplace();
  options_.command = "echo one; printf two";
  auto exit = Start();
  bridge_.SetReaders(1);
  EXPECT_EQ(exit.get(), kExitOk);
  EXPECT_THAT(bridge_.texts(), ElementsAre("one", "two"));
  ASSERT_TRUE(bridge_.end().has_value());
  EXPECT_FALSE(bridge_.end()->has_error());
}

TEST_F(PubFeedbackTest, ACommandThatFailsFailsTheTopicWithEnd) {
  options_.end.emplace();
  options_.command = "echo one; exit 3";
  auto exit = Start();
  bridge_.SetReaders(1);
  EXPECT_EQ(exit.get(), kExitFailure);
  EXPECT_THAT(bridge_.texts(), ElementsAre("one"));
  ASSERT_TRUE(bridge_.end().has_value());
  EXPECT_EQ(bridge_.end()->error().code(), 2);
  EXPECT_EQ(bridge_.end()->error().message(), "the command exited with 3");
  EXPECT_THAT(io_.Err(), HasSubstr("sluice: the command exited with 3\n"));
}

TEST_F(PubFeedbackTest, ACommandThatFailsLeavesTheTopicOpenWithoutEnd) {
  options_.command = "exit 3";
  auto exit = Start();
  bridge_.SetReaders(1);
  EXPECT_EQ(exit.get(), kExitFailure);
  EXPECT_FALSE(bridge_.end().has_value());
}

TEST_F(PubFeedbackTest, AnInputThatIsRefusedStopsTheCommand) {
  options_.shape.json = true;
  options_.end.emplace();
  options_.command = "echo {}; echo not; exec sleep 1000";
  auto exit = Start();
  bridge_.SetReaders(1);
  EXPECT_EQ(exit.get(), kExitFailure);
  EXPECT_EQ(bridge_.events().size(), 1u);
  EXPECT_FALSE(bridge_.end().has_value());
  EXPECT_THAT(io_.Err(), HasSubstr("line 2 is not JSON"));
}

TEST_F(PubFeedbackTest, ACallThatFailsStopsTheCommand) {
  bridge_.FailAfter(2, {grpc::StatusCode::FAILED_PRECONDITION, "ended"}, 0);
  options_.command = "echo one; exec sleep 1000";
  auto exit = Start();
  bridge_.SetReaders(1);
  EXPECT_EQ(exit.get(), kExitFailure);
  EXPECT_THAT(io_.Err(), HasSubstr("FAILED_PRECONDITION: ended"));
}

TEST_F(PubFeedbackTest, StandardInputIsLeftAloneByACommand) {
  options_.command = "cat; echo over";
  io_.Write("not read\n");
  auto exit = Start();
  bridge_.SetReaders(1);
  EXPECT_EQ(exit.get(), kExitOk);
  EXPECT_THAT(bridge_.texts(), ElementsAre("over"));
}

}  // namespace
}  // namespace sluice
