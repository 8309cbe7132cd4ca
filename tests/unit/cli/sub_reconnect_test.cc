// `sluice sub` across lost connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/exit_code.h"
#include "clients/cli/pace.h"
#include "clients/cli/sub.h"
#include "tests/unit/cli/fake_http.h"
#include "tests/unit/cli/test_io.h"

namespace sluice {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSse[] = "text/event-stream; charset=utf-8";
constexpr char kOpening[] = "retry: 1\n: welcome\n";
constexpr char kOne[] = "id: 1\ndata: one\n\n";
constexpr char kTwo[] = "id: 2\nevent: t\ndata: a\ndata: b\n\n";
constexpr char kDone[] = "id: 3\ndata: [DONE]\n\n";
constexpr char kFailed[] =
    "id: 2\nevent: error\n"
    "data: {\"code\":\"ABORTED\",\"message\":\"producer lost\"}\n\n"
    "id: 3\ndata: [DONE]\n\n";
constexpr char kUnavailable[] =
    "HTTP/1.1 503 Busy\r\nContent-Type: application/json\r\n"
    "Connection: close\r\n\r\n"
    "{\"error\":{\"code\":\"UNAVAILABLE\",\"message\":\"not now\"}}";

std::string Cut(const std::vector<std::string>& chunks) {
  return Chunked(kSse, chunks, /*cut=*/true);
}

// What a request carries as `Last-Event-ID`; empty: nothing.
std::string IdOf(const std::string& request) {
  const std::string name = "Last-Event-ID: ";
  const auto begin = request.find(name);
  if (begin == std::string::npos) return "";
  const auto end = request.find("\r\n", begin);
  return request.substr(begin + name.size(), end - begin - name.size());
}

class SubReconnectTest : public ::testing::Test {
 protected:
  SubReconnectTest() {
    options_.topics = {"build.42"};
    options_.reconnect.retry = absl::ZeroDuration();
    options_.reconnect.least = absl::ZeroDuration();
  }

  int Run(FakeHttp& server, TestIo& io) {
    return RunSub(options_, {"", server.Url()}, io.io());
  }

  int Run(std::vector<FakeAnswer> answers) {
    FakeHttp server(std::move(answers));
    const int code = Run(server, io_);
    for (const std::string& request : server.requests())
      ids_.push_back(IdOf(request));
    return code;
  }

  SubOptions options_;
  TestIo io_;
  std::vector<std::string> ids_;
};

TEST_F(SubReconnectTest, ALostConnectionIsMadeAgainAndGoesOnAfterTheLastEvent) {
  EXPECT_EQ(Run({Cut({kOpening, kOne}), Chunked(kSse, {kTwo, kDone})}),
            kExitOk);
  EXPECT_EQ(io_.Out(), "one\na\nb\n");
  EXPECT_EQ(ids_, (std::vector<std::string>{"", "1"}));
  EXPECT_THAT(io_.Err(), ContainsRegex("^sluice: the connection was lost: "
                                       "[^\n]*; coming back\n$"));
}

// The frames of a topic after the id that `request` names.
std::string Rest(const std::vector<std::string>& frames,
                 const std::string& request) {
  int id = 0;
  EXPECT_TRUE(IdOf(request).empty() || absl::SimpleAtoi(IdOf(request), &id));
  std::vector<std::string> chunks(frames.begin() + id, frames.end());
  chunks.insert(chunks.begin(), kOpening);
  return Chunked(kSse, chunks);
}

void ExpectEachOnce(SubOptions options, const std::vector<std::string>& frames,
                    int exit, const std::string& out) {
  options.quiet = true;
  const std::string whole = Rest(frames, "");
  const auto body = whole.find("\r\n\r\n") + 4;
  for (std::size_t cut = body + 1; cut < whole.size(); ++cut) {
    int asked = 0;
    FakeHttp server([&](const std::string& request) {
      const std::string answer = Rest(frames, request);
      return ++asked == 1 ? answer.substr(0, cut) : answer;
    });
    TestIo io;
    EXPECT_EQ(RunSub(options, {"", server.Url()}, io.io()), exit) << cut;
    EXPECT_EQ(io.Out(), out) << cut;
    EXPECT_LE(server.requests().size(), 2u) << cut;
  }
}

TEST_F(SubReconnectTest, WhereverACompletedStreamIsCutEachEventIsPrintedOnce) {
  ExpectEachOnce(options_, {kOne, kTwo, kDone}, kExitOk, "one\na\nb\n");
}

TEST_F(SubReconnectTest, WhereverAFailedStreamIsCutItFailsAndPrintsNoError) {
  ExpectEachOnce(options_, {kOne, kFailed}, kExitFailure, "one\n");
}

TEST_F(SubReconnectTest, WhatWasHeldBackIsPrintedIfTheConnectionIsLostForGood) {
  options_.reconnect.at_most = absl::Milliseconds(1);
  const std::string error(kFailed, std::string(kFailed).find("id: 3"));
  EXPECT_EQ(Run({Cut({kOne, error})}), kExitFailure);
  EXPECT_EQ(io_.Out(),
            "one\n{\"code\":\"ABORTED\",\"message\":\"producer lost\"}\n");
}

TEST_F(SubReconnectTest, APlaceAndAGapAreWhereItGoesOn) {
  options_.from = "latest";
  EXPECT_EQ(
      Run({Cut({"id: e-5\nevent: sluice.position\ndata: {}\n\n"}),
           Cut({"id: e-9\nevent: sluice.gap\ndata: {\"reason\":\"trimmed\","
                "\"resumed\":\"e-9\"}\n\n"}),
           Chunked(kSse, {kDone})}),
      kExitOk);
  EXPECT_EQ(ids_, (std::vector<std::string>{"", "e-5", "e-9"}));
}

TEST_F(SubReconnectTest, TheIdOfTheCommandLineStandsUntilThereIsANewerOne) {
  options_.last_event_id = "mine";
  EXPECT_EQ(Run({Cut({kOpening}), Cut({kOne}), Chunked(kSse, {kDone})}),
            kExitOk);
  EXPECT_EQ(ids_, (std::vector<std::string>{"mine", "mine", "1"}));
}

TEST_F(SubReconnectTest, A204AfterALossIsTheEnd) {
  EXPECT_EQ(Run({Cut({kOne}), std::string("HTTP/1.1 204 No Content\r\n\r\n")}),
            kExitOk);
  EXPECT_EQ(io_.Out(), "one\n");
}

TEST_F(SubReconnectTest, AStatusAfterALossIsAFailureInTheBridgesWords) {
  EXPECT_EQ(Run({Cut({kOne}),
                 std::string("HTTP/1.1 404 Not Found\r\nContent-Type: "
                             "application/json\r\nConnection: close\r\n\r\n"
                             "{\"error\":{\"code\":\"NOT_FOUND\",\"message\":"
                             "\"no topic\"}}")}),
            kExitFailure);
  EXPECT_THAT(io_.Err(), HasSubstr("sluice: NOT_FOUND: no topic\n"));
}

TEST_F(SubReconnectTest, WhatAProxySaysWhileTheBridgeIsAwayIsNotTheEnd) {
  EXPECT_EQ(Run({Cut({kOne}),
                 std::string("HTTP/1.1 502 Bad Gateway\r\nContent-Type: "
                             "text/html\r\nConnection: close\r\n\r\n<html>"),
                 std::string(kUnavailable), std::string(),
                 Chunked(kSse, {kTwo, kDone})}),
            kExitOk);
  EXPECT_EQ(io_.Out(), "one\na\nb\n");
  EXPECT_EQ(ids_, (std::vector<std::string>{"", "1", "1", "1", "1"}));
  EXPECT_THAT(io_.Err(), Not(HasSubstr("502")));
}

TEST_F(SubReconnectTest, TheFirstConnectionIsNotTriedAgain) {
  EXPECT_EQ(Run({std::string(kUnavailable)}), kExitFailure);
  EXPECT_EQ(io_.Err(), "sluice: UNAVAILABLE: not now\n");
  EXPECT_EQ(Run({std::string()}), kExitFailure);
  EXPECT_THAT(io_.Err(), HasSubstr("is it running?"));
  EXPECT_EQ(ids_.size(), 2u);
}

TEST_F(SubReconnectTest, ABridgeThatSendsEveryoneAwayIsComeBackTo) {
  EXPECT_EQ(Run({Cut({kOpening}), Cut({kOpening}), Cut({}),
                 Chunked(kSse, {kOne, kDone})}),
            kExitOk);
  EXPECT_EQ(io_.Out(), "one\n");
}

TEST_F(SubReconnectTest, ABridgeThatIsGoneIsGivenUp) {
  options_.reconnect.at_most = absl::Milliseconds(50);
  EXPECT_EQ(Run({Cut({kOne})}), kExitFailure);
  EXPECT_EQ(io_.Out(), "one\n");
  EXPECT_THAT(io_.Err(),
              HasSubstr("coming back\nsluice: can't reach the bridge "
                        "at http://127.0.0.1:"));
  EXPECT_THAT(io_.Err(), HasSubstr("; gave up after 50ms\n"));
}

TEST_F(SubReconnectTest, QuietTellsOnlyHowItEnded) {
  options_.quiet = true;
  options_.reconnect.at_most = absl::Milliseconds(1);
  EXPECT_EQ(Run({Cut({kOne})}), kExitFailure);
  EXPECT_THAT(io_.Err(), ContainsRegex("^sluice: can't reach [^\n]*\n$"));
}

TEST_F(SubReconnectTest, RetryIsHonoured) {
  const absl::Time start = SteadyNow();
  EXPECT_EQ(Run({Cut({"retry: 300\n", kOne}), Chunked(kSse, {kDone})}),
            kExitOk);
  EXPECT_GE(SteadyNow() - start, absl::Milliseconds(300));
}

TEST_F(SubReconnectTest, SilenceIsALostConnection) {
  options_.heartbeat = absl::Seconds(1);
  EXPECT_EQ(Run({FakeAnswer(Cut({kOne}), /*hold=*/true),
                 Chunked(kSse, {kTwo, kDone})}),
            kExitOk);
  EXPECT_EQ(io_.Out(), "one\na\nb\n");
  EXPECT_THAT(io_.Err(), HasSubstr("nothing came for 3s"));
}

// Runs until standard error has `sentence`, then does `then`.
int RunUntil(const SubOptions& options, const std::string& url, TestIo& io,
             const std::string& sentence, const std::function<void()>& then) {
  auto exit = std::async(std::launch::async, [&] {
    return RunSub(options, {"", url}, io.io());
  });
  while (!absl::StrContains(io.Err(), sentence)) std::this_thread::yield();
  then();
  return exit.get();
}

TEST_F(SubReconnectTest, CtrlCEndsTheWaitForTheBridge) {
  FakeHttp server({Cut({"retry: 3600000\n", kOne})});
  EXPECT_EQ(RunUntil(options_, server.Url(), io_, "coming back",
                     [&] { io_.interrupt.Raise(); }),
            kExitInterrupted);
}

TEST_F(SubReconnectTest, CtrlCEndsAnAttemptThatHangs) {
  FakeHttp server({Cut({kOne}), FakeAnswer("", /*hold=*/true)});
  EXPECT_EQ(RunUntil(options_, server.Url(), io_, "coming back",
                     [&] {
                       while (server.requests().size() < 2)
                         std::this_thread::yield();
                       io_.interrupt.Raise();
                     }),
            kExitInterrupted);
}

}  // namespace
}  // namespace sluice
