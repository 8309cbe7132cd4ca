// `sluice sub` of several topics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "clients/cli/exit_code.h"
#include "clients/cli/sub.h"
#include "tests/unit/cli/fake_http.h"
#include "tests/unit/cli/test_io.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

constexpr char kSse[] = "text/event-stream";
constexpr char kOne[] =
    "id: e-1\nevent: tick\ndata: {\"topic\":\"a\",\"id\":\"x\",\"cursor\":"
    "\"e-1\",\"type\":\"tick\",\"data\":\"one\\ntwo\",\"json\":false,"
    "\"time\":\"2026-01-01T00:00:00Z\"}\n\n";
constexpr char kTwo[] =
    "id: e-2\ndata: {\"topic\":\"b.c\",\"id\":\"e-2\",\"cursor\":\"e-2\","
    "\"type\":\"\",\"data\":\"\",\"json\":false,\"time\":\"\"}\n\n";
constexpr char kCompleted[] =
    "id: e-3\nevent: sluice.ended\ndata: {\"topic\":\"a\",\"error\":null}\n\n";
constexpr char kFailed[] =
    "id: e-4\nevent: sluice.ended\ndata: {\"topic\":\"b.c\",\"error\":{"
    "\"code\":\"ABORTED\",\"message\":\"producer lost\"}}\n\n";
constexpr char kDone[] = "id: e-5\ndata: [DONE]\n\n";

class SubSeveralTest : public ::testing::Test {
 protected:
  SubSeveralTest() {
    options_.topics = {"a", "b.*"};
    options_.reconnect.least = absl::ZeroDuration();
    options_.reconnect.retry = absl::ZeroDuration();
  }

  int Run(std::vector<FakeAnswer> answers) {
    FakeHttp server(std::move(answers));
    const int code = RunSub(options_, {"", server.Url()}, io_.io());
    requests_ = server.requests();
    return code;
  }

  SubOptions options_;
  TestIo io_;
  std::vector<std::string> requests_;
};

TEST_F(SubSeveralTest, EachLineHasItsTopicInFront) {
  EXPECT_EQ(Run({Chunked(kSse, {kOne, kTwo, kDone})}), kExitOk);
  EXPECT_EQ(io_.Out(), "a: one\na: two\nb.c: \n");
  EXPECT_THAT(requests_[0], HasSubstr("GET /v1/events?envelope=json&topic=a&"
                                      "topic=b.%2A&heartbeat=15 "));
}

TEST_F(SubSeveralTest, APatternAloneIsReadTheSameWay) {
  options_.topics = {"b.>"};
  EXPECT_EQ(Run({Chunked(kSse, {kTwo, kDone})}), kExitOk);
  EXPECT_EQ(io_.Out(), "b.c: \n");
  EXPECT_THAT(requests_[0], HasSubstr("&topic=b.%3E&"));
}

TEST_F(SubSeveralTest, JsonIsTheEventAsTheBridgeHasIt) {
  options_.json = true;
  EXPECT_EQ(Run({Chunked(kSse, {kTwo, kCompleted, kDone})}), kExitOk);
  EXPECT_EQ(io_.Out(),
            "{\"topic\":\"b.c\",\"id\":\"e-2\",\"cursor\":\"e-2\",\"type\":"
            "\"\",\"data\":\"\",\"json\":false,\"time\":\"\"}\n"
            "{\"topic\":\"\",\"id\":\"e-3\",\"cursor\":\"e-3\",\"type\":"
            "\"sluice.ended\",\"data\":\"{\\\"topic\\\":\\\"a\\\","
            "\\\"error\\\":null}\",\"json\":true,\"time\":null}\n");
}

TEST_F(SubSeveralTest, ATopicThatEndsIsToldAndTheOthersGoOn) {
  EXPECT_EQ(Run({Chunked(kSse, {kCompleted, kTwo, kDone})}), kExitOk);
  EXPECT_EQ(io_.Out(), "b.c: \n");
  EXPECT_EQ(io_.Err(), "sluice: a is completed\n");
}

TEST_F(SubSeveralTest, OneThatFailedIsExitOneEvenIfQuiet) {
  options_.quiet = true;
  EXPECT_EQ(Run({Chunked(kSse, {kFailed, kCompleted, kDone})}), kExitFailure);
  EXPECT_EQ(io_.Err(), "sluice: b.c failed: ABORTED: producer lost\n");
}

TEST_F(SubSeveralTest, ALostConnectionGoesOnAfterItsCursor) {
  EXPECT_EQ(Run({Chunked(kSse, {kOne, kFailed}, /*cut=*/true),
                 Chunked(kSse, {kTwo, kDone})}),
            kExitFailure);
  EXPECT_EQ(io_.Out(), "a: one\na: two\nb.c: \n");
  EXPECT_THAT(requests_[1], HasSubstr("Last-Event-ID: e-4\r\n"));
}

}  // namespace
}  // namespace sluice
