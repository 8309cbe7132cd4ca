#include "clients/cli/sub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "clients/cli/exit_code.h"
#include "tests/unit/cli/fake_http.h"
#include "tests/unit/cli/test_io.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

constexpr char kSse[] = "text/event-stream; charset=utf-8";
constexpr char kOpening[] = "retry: 2000\n: welcome\n";
constexpr char kDone[] = "id: 3\ndata: [DONE]\n\n";

class SubTest : public ::testing::Test {
 protected:
  int Run(const std::string& answer) {
    FakeHttp server({answer});
    const int code = RunSub(options_, {"", server.Url()}, io_.io());
    request_ = server.requests().empty() ? "" : server.requests()[0];
    return code;
  }

  SubOptions options_{"build.42"};
  TestIo io_;
  std::string request_;
};

TEST_F(SubTest, PayloadsArePrintedWithoutTheDoneMarker) {
  EXPECT_EQ(
      Run(Chunked(kSse, {kOpening, "id: 1\ndata: one\n\n",
                         "id: 2\nevent: t\ndata: a\ndata: b\n\n", kDone})),
      kExitOk);
  EXPECT_EQ(io_.Out(), "one\na\nb\n");
  EXPECT_EQ(io_.Err(), "");
  EXPECT_THAT(request_, HasSubstr("GET /v1/topics/build.42/events HTTP/1.1"));
  EXPECT_THAT(request_, HasSubstr("Accept: text/event-stream\r\n"));
}

TEST_F(SubTest, JsonPrintsAnEventALine) {
  options_.json = true;
  EXPECT_EQ(
      Run(Chunked(kSse, {"id: 1\nevent: t\ndata: a\ndata: \"b\"\n\n", kDone})),
      kExitOk);
  EXPECT_EQ(io_.Out(),
            "{\"topic\":\"build.42\",\"id\":\"1\",\"type\":\"t\","
            "\"data\":\"a\\n\\\"b\\\"\"}\n");
}

TEST_F(SubTest, AFailedEndTellsItsMessage) {
  EXPECT_EQ(Run(Chunked(kSse, {"data: one\n\n",
                               "event: error\ndata: {\"code\":\"ABORTED\","
                               "\"message\":\"producer lost\"}\n\n"
                               "data: [DONE]\n\n"})),
            kExitFailure);
  EXPECT_EQ(io_.Out(), "one\n");
  EXPECT_EQ(io_.Err(), "sluice: the topic failed: ABORTED: producer lost\n");
}

TEST_F(SubTest, AGapIsToldAndNotPrinted) {
  EXPECT_EQ(Run(Chunked(kSse, {"event: sluice.gap\ndata: {\"reason\":"
                               "\"trimmed\"}\n\ndata: one\n\n",
                               kDone})),
            kExitOk);
  EXPECT_EQ(io_.Out(), "one\n");
  EXPECT_THAT(io_.Err(), HasSubstr("trimmed"));
}

TEST_F(SubTest, ATruncatedBodyIsALostConnection) {
  EXPECT_EQ(Run(Chunked(kSse, {"data: one\n\n"}, /*cut=*/true)), kExitFailure);
  EXPECT_EQ(io_.Out(), "one\n");
  EXPECT_THAT(io_.Err(), HasSubstr("the connection was lost"));
}

TEST_F(SubTest, AStreamThatClosesWithoutAnEndIsAFailure) {
  EXPECT_EQ(Run(Chunked(kSse, {"data: one\n\n"})), kExitFailure);
  EXPECT_THAT(io_.Err(), HasSubstr("the topic has not ended"));
}

TEST_F(SubTest, NothingLeftToReadIsFine) {
  EXPECT_EQ(Run("HTTP/1.1 204 No Content\r\n\r\n"), kExitOk);
  EXPECT_EQ(io_.Out(), "");
}

TEST_F(SubTest, AnErrorsMessageIsPrinted) {
  EXPECT_EQ(
      Run("HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
          "Connection: close\r\n\r\n"
          "{\"error\":{\"code\":\"NOT_FOUND\",\"message\":\"no topic\"}}"),
      kExitFailure);
  EXPECT_EQ(io_.Err(), "sluice: NOT_FOUND: no topic\n");
}

TEST_F(SubTest, AnotherKindOfServerIsToldApart) {
  EXPECT_EQ(Run("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                "Connection: close\r\n\r\n<html>"),
            kExitFailure);
  EXPECT_THAT(io_.Err(), HasSubstr("200 with text/html"));
  EXPECT_EQ(io_.Out(), "");
}

TEST_F(SubTest, APlaceToStartFromIsPassedOn) {
  options_.from = "latest";
  options_.last = 5;
  options_.after = "abc";
  Run(Chunked(kSse, {kDone}));
  EXPECT_THAT(request_, HasSubstr("/events?from=latest&last=5 "));
  EXPECT_THAT(request_, HasSubstr("Last-Event-ID: abc\r\n"));
}

TEST_F(SubTest, TheTopicIsPercentEncoded) {
  options_.topic = "a:b@c%/?";
  Run(Chunked(kSse, {kDone}));
  EXPECT_THAT(request_, HasSubstr("/v1/topics/a%3Ab%40c%25%2F%3F/events "));
}

TEST_F(SubTest, CtrlCEndsAnOpenStream) {
  FakeHttp server({Chunked(kSse, {kOpening}, /*cut=*/true)}, /*hold=*/true);
  std::thread raiser([&] { io_.interrupt.Raise(); });
  EXPECT_EQ(RunSub(options_, {"", server.Url()}, io_.io()), kExitInterrupted);
  raiser.join();
}

TEST_F(SubTest, ABridgeThatIsNotThereIsAClearSentence) {
  EXPECT_EQ(RunSub(options_, {"", "http://127.0.0.1:1"}, io_.io()),
            kExitFailure);
  EXPECT_THAT(io_.Err(),
              HasSubstr("can't reach the bridge at http://127.0.0.1:1"));
}

}  // namespace
}  // namespace sluice
