#include "clients/cli/sub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

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
constexpr char kPosition[] = "id: e-1\nevent: sluice.position\ndata: {}\n\n";
constexpr char kGap[] =
    "id: e-7\nevent: sluice.gap\n"
    "data: "
    "{\"requested\":\"e-2\",\"resumed\":\"e-7\",\"reason\":\"trimmed\"}\n\n";
constexpr char kError[] =
    "id: e-8\nevent: error\ndata: "
    "{\"code\":\"ABORTED\",\"message\":\"gone\"}\n\n";
// An event of a stream with an envelope.
constexpr char kTick[] =
    "id: mine\nevent: tick\ndata: {\"topic\":\"build.42\",\"id\":\"mine\","
    "\"cursor\":\"e-8\",\"type\":\"tick\",\"data\":\"a\\n\\\"b\\\"\","
    "\"json\":false,\"time\":\"2026-01-01T00:00:00.000001Z\"}\n\n";
constexpr char kTickLine[] =
    "{\"topic\":\"build.42\",\"id\":\"mine\",\"cursor\":\"e-8\",\"type\":"
    "\"tick\",\"data\":\"a\\n\\\"b\\\"\",\"json\":false,\"time\":"
    "\"2026-01-01T00:00:00.000001Z\"}\n";
constexpr char kDone[] = "id: 3\ndata: [DONE]\n\n";

class SubTest : public ::testing::Test {
 protected:
  int Run(const std::string& answer) {
    FakeHttp server({answer});
    const int code = RunSub(options_, {"", server.Url()}, io_.io());
    request_ = server.requests().empty() ? "" : server.requests()[0];
    return code;
  }

  SubTest() { options_.topics = {"build.42"}; }

  SubOptions options_;
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
  EXPECT_THAT(request_,
              HasSubstr("GET /v1/topics/build.42/events?heartbeat=15 "));
  EXPECT_THAT(request_, HasSubstr("Accept: text/event-stream\r\n"));
}

TEST_F(SubTest, JsonPrintsAnEventALineAsTheBridgeHasIt) {
  options_.json = true;
  EXPECT_EQ(Run(Chunked(kSse, {kTick, kDone})), kExitOk);
  EXPECT_EQ(io_.Out(), kTickLine);
  EXPECT_THAT(request_, HasSubstr("GET /v1/topics/build.42/events?"
                                  "envelope=json&heartbeat=15 "));
}

TEST_F(SubTest, JsonPrintsAFailedEndOnStandardErrorAlone) {
  options_.json = true;
  EXPECT_EQ(Run(Chunked(kSse, {kTick, std::string(kError) + kDone})),
            kExitFailure);
  EXPECT_EQ(io_.Out(), kTickLine);
  EXPECT_EQ(io_.Err(), "sluice: the topic failed: ABORTED: gone\n");
}

TEST_F(SubTest, JsonHasOneShapeAlsoForAnErrorWhoseDoneMarkerDidNotCome) {
  options_.json = true;
  options_.reconnect.at_most = absl::ZeroDuration();
  EXPECT_EQ(Run(Chunked(kSse, {kError}, /*cut=*/true)), kExitFailure);
  EXPECT_EQ(io_.Out(),
            "{\"topic\":\"build.42\",\"id\":\"e-8\",\"cursor\":\"e-8\","
            "\"type\":\"error\",\"data\":\"{\\\"code\\\":\\\"ABORTED\\\","
            "\\\"message\\\":\\\"gone\\\"}\",\"json\":true,\"time\":null}\n");
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
  EXPECT_EQ(Run(Chunked(kSse, {kGap, "data: one\n\n", kDone})), kExitOk);
  EXPECT_EQ(io_.Out(), "one\n");
  EXPECT_EQ(io_.Err(), "sluice: events are missing: trimmed, went on at e-7\n");
}

TEST_F(SubTest, QuietTellsNoGap) {
  options_.quiet = true;
  EXPECT_EQ(Run(Chunked(kSse, {kGap, kDone})), kExitOk);
  EXPECT_EQ(io_.Err(), "");
}

TEST_F(SubTest, JsonPrintsAGapWhereItStandsAndNoPlace) {
  options_.json = true;
  EXPECT_EQ(Run(Chunked(kSse, {kPosition, kGap, kTick, kDone})), kExitOk);
  EXPECT_EQ(
      io_.Out(),
      std::string("{\"topic\":\"build.42\",\"id\":\"e-7\",\"cursor\":\"e-7\","
                  "\"type\":\"sluice.gap\","
                  "\"data\":\"{\\\"requested\\\":\\\"e-2\\\",\\\"resumed\\\":"
                  "\\\"e-7\\\",\\\"reason\\\":\\\"trimmed\\\"}\","
                  "\"json\":true,\"time\":null}\n") +
          kTickLine);
  EXPECT_THAT(io_.Err(), HasSubstr("trimmed, went on at e-7"));
}

TEST_F(SubTest, ATruncatedBodyIsALostConnection) {
  options_.reconnect.at_most = absl::ZeroDuration();
  EXPECT_EQ(Run(Chunked(kSse, {"data: one\n\n"}, /*cut=*/true)), kExitFailure);
  EXPECT_EQ(io_.Out(), "one\n");
  EXPECT_THAT(io_.Err(), HasSubstr("the connection was lost"));
}

TEST_F(SubTest, TheLastChunkIsAnEndThatIsNotMarked) {
  EXPECT_EQ(Run(Chunked(kSse, {"data: one\n\n"})), kExitOk);
  EXPECT_EQ(io_.Out(), "one\n");
  EXPECT_EQ(io_.Err(), "");
}

TEST_F(SubTest, AnErrorEventBeforeAnEndThatIsNotMarkedIsPrinted) {
  EXPECT_EQ(Run(Chunked(kSse, {kError})), kExitOk);
  EXPECT_EQ(io_.Out(), "{\"code\":\"ABORTED\",\"message\":\"gone\"}\n");
}

TEST_F(SubTest, ABodyWithoutFramingThatStopsIsALostConnection) {
  options_.reconnect.at_most = absl::ZeroDuration();
  EXPECT_EQ(Run("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
                "data: one\n\n"),
            kExitFailure);
  EXPECT_EQ(io_.Out(), "one\n");
  EXPECT_THAT(io_.Err(), HasSubstr("the connection was lost"));
}

TEST_F(SubTest, AProducersErrorEventIsPrintedSoonAfterItCame) {
  FakeHttp server({Chunked(kSse, {kError}, /*cut=*/true)}, /*hold=*/true);
  std::thread raiser([&] {
    while (io_.Out().empty()) std::this_thread::yield();
    io_.interrupt.Raise();
  });
  EXPECT_EQ(RunSub(options_, {"", server.Url()}, io_.io()), kExitInterrupted);
  raiser.join();
  EXPECT_EQ(io_.Out(), "{\"code\":\"ABORTED\",\"message\":\"gone\"}\n");
}

TEST_F(SubTest, ARenamedFailureIsFoundByItsCursor) {
  EXPECT_EQ(Run(Chunked(kSse, {"id: abcdefghijkl2-1\ndata: one\n\n",
                               "id: abcdefghijkl2-1\nevent: failure\n"
                               "data: {\"code\":\"ABORTED\","
                               "\"message\":\"gone\"}\n\n"
                               "id: abcdefghijkl2-2\ndata: [DONE]\n\n"})),
            kExitFailure);
  EXPECT_EQ(io_.Out(), "one\n");
  EXPECT_EQ(io_.Err(), "sluice: the topic failed: ABORTED: gone\n");
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
  options_.last_event_id = "abc";
  Run(Chunked(kSse, {kDone}));
  EXPECT_THAT(request_, HasSubstr("/events?heartbeat=15&from=latest&last=5 "));
  EXPECT_THAT(request_, HasSubstr("Last-Event-ID: abc\r\n"));
}

TEST_F(SubTest, TheTopicIsPercentEncoded) {
  options_.topics = {"a:b@c%/?"};
  Run(Chunked(kSse, {kDone}));
  EXPECT_THAT(request_, HasSubstr("/v1/topics/a%3Ab%40c%25%2F%3F/events?"));
}

TEST_F(SubTest, CtrlCEndsAnOpenStream) {
  FakeHttp server({Chunked(kSse, {kOpening}, /*cut=*/true)}, /*hold=*/true);
  std::thread raiser([&] { io_.interrupt.Raise(); });
  EXPECT_EQ(RunSub(options_, {"", server.Url()}, io_.io()), kExitInterrupted);
  raiser.join();
}

TEST_F(SubTest, AClosedOutputEndsItQuietlyEvenIfNothingComes) {
  FakeHttp server({Chunked(kSse, {kOpening}, /*cut=*/true)}, /*hold=*/true);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Io io = io_.io();
  io.out = ends[1];
  std::thread reader([&] {
    while (server.requests().empty()) std::this_thread::yield();
    close(ends[0]);
  });
  EXPECT_EQ(RunSub(options_, {"", server.Url()}, io), kExitFailure);
  reader.join();
  close(ends[1]);
  EXPECT_EQ(io_.Err(), "");
}

TEST_F(SubTest, ABridgeThatIsNotThereIsAClearSentence) {
  EXPECT_EQ(RunSub(options_, {"", "http://127.0.0.1:1"}, io_.io()),
            kExitFailure);
  EXPECT_THAT(io_.Err(),
              HasSubstr("can't reach the bridge at http://127.0.0.1:1"));
}

}  // namespace
}  // namespace sluice
