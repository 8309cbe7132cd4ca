#include "clients/cli/relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "clients/cli/exit_code.h"
#include "tests/unit/cli/fake_bridge.h"
#include "tests/unit/cli/fake_http.h"
#include "tests/unit/cli/test_io.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kSse[] = "text/event-stream";

class RelayTest : public ::testing::Test {
 protected:
  RelayTest() { options_.topic = "answer.42"; }

  int Run(FakeHttp& upstream) {
    options_.upstream.url = upstream.Url("/tokens");
    options_.upstream.follow_redirects = true;
    return RunRelay(options_, bridge_.endpoints(), io_.io());
  }

  int Run(const std::string& answer) {
    FakeHttp upstream({answer});
    return Run(upstream);
  }

  void ExpectFailedEnd(grpc::StatusCode code, const std::string& message) {
    ASSERT_TRUE(bridge_.end().has_value());
    EXPECT_EQ(bridge_.end()->error().code(), code);
    EXPECT_THAT(bridge_.end()->error().message(), HasSubstr(message));
    EXPECT_THAT(io_.Err(), HasSubstr(message));
  }

  void ExpectCompleted() {
    ASSERT_TRUE(bridge_.end().has_value());
    EXPECT_FALSE(bridge_.end()->has_error());
  }

  FakeBridge bridge_;
  TestIo io_;
  RelayOptions options_;
};

TEST_F(RelayTest, AnEventStreamIsPassedOnUpToItsDone) {
  EXPECT_EQ(Run(Chunked(kSse, {"event: t\ndata: one\n\n", ": still here\n",
                               "data: two\n\n", "data: [DONE]\n\n"})),
            kExitOk);
  EXPECT_THAT(bridge_.texts(), ElementsAre("one", "two"));
  EXPECT_EQ(bridge_.events()[0].type(), "t");
  EXPECT_EQ(bridge_.requests()[0].on_abort(), v1::ON_ABORT_FAIL);
  ExpectCompleted();
}

TEST_F(RelayTest, ACleanEndOfTheBodyIsAnEndToo) {
  EXPECT_EQ(Run(Chunked(kSse, {"data: one\n\n"})), kExitOk);
  ExpectCompleted();
}

TEST_F(RelayTest, PlainTextIsSplitIntoLines) {
  EXPECT_EQ(Run(Chunked("text/plain", {"one\ntw", "o\nlast"})), kExitOk);
  EXPECT_THAT(bridge_.texts(), ElementsAre("one", "two", "last"));
  ExpectCompleted();
}

TEST_F(RelayTest, EventsArePassedOnWhileTheUpstreamGoesOn) {
  FakeHttp upstream({Chunked(kSse, {"data: one\n\n"}, /*cut=*/true)},
                    /*hold=*/true);
  auto exit = std::async(std::launch::async, [&] { return Run(upstream); });
  bridge_.WaitForEvents(1);
  io_.interrupt.Raise();
  EXPECT_EQ(exit.get(), kExitInterrupted);
  EXPECT_FALSE(bridge_.end().has_value());
}

TEST_F(RelayTest, AnErrorOfTheUpstreamFailsTheTopicAndItsBodyStaysHere) {
  EXPECT_EQ(Run("HTTP/1.1 503 No\r\nConnection: close\r\n\r\nsecret detail\n"),
            kExitFailure);
  ExpectFailedEnd(grpc::StatusCode::UNAVAILABLE, "the upstream answered 503");
  EXPECT_THAT(io_.Err(), HasSubstr("secret detail"));
  EXPECT_EQ(bridge_.events().size(), 0u);
}

TEST_F(RelayTest, ATruncatedBodyFailsTheTopic) {
  EXPECT_EQ(Run(Chunked(kSse, {"data: one\n\n"}, /*cut=*/true)), kExitFailure);
  EXPECT_THAT(bridge_.texts(), ElementsAre("one"));
  ExpectFailedEnd(grpc::StatusCode::UNAVAILABLE,
                  "the connection to the upstream was lost");
}

TEST_F(RelayTest, AnUpstreamThatIsNotThereFailsTheTopic) {
  options_.upstream.url = "http://127.0.0.1:1/";
  EXPECT_EQ(RunRelay(options_, bridge_.endpoints(), io_.io()), kExitFailure);
  ExpectFailedEnd(grpc::StatusCode::UNAVAILABLE,
                  "the upstream can't be reached");
}

TEST_F(RelayTest, SilenceFailsTheTopic) {
  options_.idle_timeout = absl::Milliseconds(50);
  FakeHttp upstream({Chunked(kSse, {"data: one\n\n"}, /*cut=*/true)},
                    /*hold=*/true);
  EXPECT_EQ(Run(upstream), kExitFailure);
  ExpectFailedEnd(grpc::StatusCode::DEADLINE_EXCEEDED, "silent for 50ms");
}

TEST_F(RelayTest, ARedirectIsFollowed) {
  FakeHttp target({Chunked("text/plain", {"one\n"})});
  EXPECT_EQ(Run("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " +
                target.Url("/there") + "\r\n\r\n"),
            kExitOk);
  EXPECT_THAT(bridge_.texts(), ElementsAre("one"));
}

TEST_F(RelayTest, HeadersAndABodyMakeThePostOfAnLlmApi) {
  FakeHttp upstream({Chunked(kSse, {"data: [DONE]\n\n"})});
  options_.upstream.headers = {"Authorization: Bearer x", "Expect:"};
  options_.upstream.body = "{\"stream\":true}";
  EXPECT_EQ(Run(upstream), kExitOk);
  const std::string request = upstream.requests()[0];
  EXPECT_THAT(request, StartsWith("POST /tokens HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Authorization: Bearer x\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\n\r\n{\"stream\":true}"));
}

TEST_F(RelayTest, ABridgeThatRefusesEndsIt) {
  bridge_.FailAfter(1, {grpc::StatusCode::FAILED_PRECONDITION, "has ended"}, 0);
  FakeHttp upstream({Chunked(kSse, {"data: one\n\n"}, /*cut=*/true)},
                    /*hold=*/true);
  EXPECT_EQ(Run(upstream), kExitFailure);
  EXPECT_THAT(io_.Err(), HasSubstr("FAILED_PRECONDITION: has ended"));
}

}  // namespace
}  // namespace sluice
