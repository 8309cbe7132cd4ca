#include "clients/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clients/cli/exit_code.h"
#include "tests/unit/cli/fake_bridge.h"
#include "tests/unit/cli/fake_http.h"
#include "tests/unit/cli/fake_topics.h"
#include "tests/unit/cli/test_io.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CommandLineTest : public ::testing::Test {
 protected:
  int Run(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "sluice");
    io_.CloseInput();
    return RunCommandLine(static_cast<int>(arguments.size()), arguments.data(),
                          io_.io());
  }

  TestIo io_;
};

TEST_F(CommandLineTest, BadUsageIsExitTwoWithASentence) {
  const std::vector<std::vector<const char*>> bad = {
      {},
      {"pub"},
      {"nonsense"},
      {"pub", ""},
      {"pub", "t", "--end", "--fail", "x"},
      {"pub", "t", "--id", "7"},
      {"pub", "t", "--code", "3"},
      {"pub", "t", "--fail", "x", "--code", "OK"},
      {"pub", "t", "--rate", "0"},
      {"pub", "t", "--grpc", "http://localhost:1"},
      {"sub", "t", "--from", "middle"},
      {"sub", "t", "--last", "-1"},
      {"sub", "t", "--last", "many"},
      {"sub", "t", "--last-event-id", "two\nlines"},
      {"sub", "t", "--heartbeat", "0"},
      {"sub", "t", "--heartbeat", "61"},
      {"sub", "t", "--max-reconnect-time", "-1s"},
      {"sub", "t", "--max-reconnect-time", "soon"},
      {"sub", "t", "--no-reconnect", "--max-reconnect-time", "1m"},
      {"sub", "t", "--error-event", ""},
      {"pub", "t", "--start-on-interest", ""},
      {"pub", "t", "--start-on-interest", "x", "--whole"},
      {"sub"},
      {"sub", "--topic", ""},
      {"topics", "a", "b"},
      {"history"},
      {"history", "t", "--last", "0"},
      {"history", "t", "--last", "1001"},
      {"history", "t", "--last", "1", "--after", "x"},
      {"end"},
      {"end", "t", "--code", "3"},
      {"delete", ""},
      {"stop"},
      {"relay", "http://x"},
      {"relay", "http://x", "t", "--idle-timeout", "0s"},
      {"relay", "http://x", "t", "--header", "no colon"},
      {"relay", "http://x", "t", "--data", "@/nonexistent"},
  };
  for (const auto& arguments : bad) {
    EXPECT_EQ(Run(arguments), kExitUsage)
        << ::testing::PrintToString(arguments);
    EXPECT_THAT(io_.Err(), HasSubstr("sluice: "));
  }
}

TEST_F(CommandLineTest, HelpAndVersionAreExitZero) {
  for (const auto& arguments :
       std::vector<std::vector<const char*>>{{"--help"},
                                             {"--version"},
                                             {"pub", "--help"},
                                             {"sub", "--help"},
                                             {"topics", "--help"},
                                             {"history", "--help"},
                                             {"end", "--help"},
                                             {"delete", "--help"},
                                             {"stop", "--help"},
                                             {"relay", "-h"}}) {
    EXPECT_EQ(Run(arguments), kExitOk);
  }
}

TEST_F(CommandLineTest, TheBridgesAddressMayStandBeforeOrAfterTheCommand) {
  FakeBridge bridge;
  const std::string target = bridge.endpoints().grpc;
  EXPECT_EQ(Run({"--grpc", target.c_str(), "pub", "a", "--end"}), kExitOk);
  EXPECT_EQ(Run({"pub", "b", "--end", "--grpc", target.c_str()}), kExitOk);
  EXPECT_EQ(bridge.requests().size(), 4u);
}

TEST_F(CommandLineTest, FailTakesACodeByName) {
  FakeBridge bridge;
  const std::string target = bridge.endpoints().grpc;
  EXPECT_EQ(Run({"pub", "t", "--fail", "disk full", "--code",
                 "resource_exhausted", "--grpc", target.c_str()}),
            kExitOk);
  EXPECT_EQ(bridge.end()->error().code(), 8);
  EXPECT_EQ(bridge.end()->error().message(), "disk full");
}

TEST_F(CommandLineTest, ATopicMayBeCalledLikeACommand) {
  FakeBridge bridge;
  const std::string target = bridge.endpoints().grpc;
  EXPECT_EQ(Run({"pub", "sub", "--grpc", target.c_str()}), kExitOk);
  EXPECT_EQ(bridge.requests()[0].topic(), "sub");
}

TEST_F(CommandLineTest, SubAsksForWhatItsOptionsSay) {
  FakeHttp bridge({Chunked("text/event-stream", {"data: [DONE]\n\n"})});
  const std::string url = bridge.Url();
  EXPECT_EQ(Run({"sub", "t", "--http", url.c_str(), "--from", "earliest",
                 "--last", "3", "--last-event-id", "abc", "--heartbeat", "7",
                 "--max-reconnect-time", "inf", "-q"}),
            kExitOk);
  const std::string request = bridge.requests()[0];
  EXPECT_THAT(request, HasSubstr("?heartbeat=7&from=earliest&last=3 "));
  EXPECT_THAT(request, HasSubstr("Last-Event-ID: abc\r\n"));
}

TEST_F(CommandLineTest, SubTakesTopicsFromBothItsPlaces) {
  FakeHttp bridge({Chunked("text/event-stream", {"data: [DONE]\n\n"})});
  const std::string url = bridge.Url();
  EXPECT_EQ(Run({"sub", "--topic", "b", "a", "--topic", "stop", "--http",
                 url.c_str()}),
            kExitOk);
  EXPECT_THAT(bridge.requests()[0],
              HasSubstr("&topic=a&topic=b&topic=stop&heartbeat"));
}

TEST_F(CommandLineTest, EndTakesAFailureAsPubDoes) {
  FakeTopics bridge;
  const std::string target = bridge.endpoints().grpc;
  EXPECT_EQ(Run({"end", "t", "--fail", "x", "--code", "aborted", "--grpc",
                 target.c_str()}),
            kExitOk);
  EXPECT_EQ(bridge.ended[0].error().code(), 10);
}

TEST_F(CommandLineTest, NoReconnectExitsAtTheFirstLostConnection) {
  for (const std::vector<const char*>& options :
       std::vector<std::vector<const char*>>{{"--no-reconnect"},
                                             {"--max-reconnect-time", "0"}}) {
    FakeHttp bridge(
        {Chunked("text/event-stream", {"data: one\n\n"}, /*cut=*/true)});
    const std::string url = bridge.Url();
    std::vector<const char*> arguments = {"sub", "t", "--http", url.c_str()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    EXPECT_EQ(Run(arguments), kExitFailure);
    EXPECT_EQ(bridge.requests().size(), 1u);
  }
}

TEST_F(CommandLineTest, EachHeaderOptionTakesOneValue) {
  FakeBridge bridge;
  FakeHttp upstream({Chunked("text/plain", {"one\n"})});
  const std::string target = bridge.endpoints().grpc;
  const std::string url = upstream.Url();
  EXPECT_EQ(Run({"relay", "-H", "A: [1, 2]", "--header", "B: 2", url.c_str(),
                 "t", "--data", "[]", "--grpc", target.c_str()}),
            kExitOk);
  EXPECT_THAT(bridge.texts(), ElementsAre("one"));
  const std::string request = upstream.requests()[0];
  EXPECT_THAT(request, HasSubstr("A: [1, 2]\r\n"));
  EXPECT_THAT(request, HasSubstr("B: 2\r\n"));
  EXPECT_THAT(request, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\n\r\n[]"));
}

}  // namespace
}  // namespace sluice
