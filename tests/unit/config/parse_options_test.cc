#include "bridge/config/parse_options.h"

#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice {
namespace {

using Action = ParsedOptions::Action;
using ::testing::HasSubstr;

std::string Refusal(const std::vector<std::string>& args) {
  const absl::StatusOr<ParsedOptions> parsed = ParseOptions(args);
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(parsed.status().message());
}

Config Parse(const std::vector<std::string>& args) {
  const absl::StatusOr<ParsedOptions> parsed = ParseOptions(args);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  if (!parsed.ok()) return Config();
  EXPECT_EQ(parsed->action, Action::kRun);
  return parsed->config;
}

TEST(ParseOptions, NoArgumentsGiveTheDefaults) {
  const Config config = Parse({});
  EXPECT_EQ(config.grpc_listen.ToString(), "127.0.0.1:50051");
  EXPECT_EQ(config.http_listen.ToString(), "127.0.0.1:8080");
  EXPECT_EQ(config.heartbeat, absl::Seconds(15));
  EXPECT_EQ(config.memory_limit, kGiB);
  EXPECT_EQ(config.max_stream_age, absl::ZeroDuration());
}

TEST(ParseOptions, AValueFollowsAnEqualsSignOrIsTheNextArgument) {
  const Config config =
      Parse({"--heartbeat=20s", "--retry", "3s", "-loops=4", "-loops", "5",
             "--descriptor_set=", "--error_event", "-x"});
  EXPECT_EQ(config.heartbeat, absl::Seconds(20));
  EXPECT_EQ(config.retry, absl::Seconds(3));
  EXPECT_EQ(config.loops, 5);
  EXPECT_EQ(config.descriptor_set, "");
  EXPECT_EQ(config.error_event, "-x");
}

TEST(ParseOptions, ABoolIsSetByItsNameAndUnsetByNoAndItsName) {
  EXPECT_TRUE(Parse({"--http_publish"}).http_publish);
  EXPECT_TRUE(Parse({"--http_publish=true"}).http_publish);
  EXPECT_FALSE(Parse({"--http_publish", "--nohttp_publish"}).http_publish);
  EXPECT_FALSE(Parse({"--http_publish=false"}).http_publish);
}

TEST(ParseOptions, ALaterFlagWinsOverAnEarlierOne) {
  EXPECT_EQ(Parse({"--loops=1", "--loops=2"}).loops, 2);
}

TEST(ParseOptions, WhatIsNotASettingIsRefused) {
  EXPECT_THAT(Refusal({"--hartbeat=1s"}), HasSubstr("did you mean heartbeat"));
  EXPECT_THAT(Refusal({"--noheartbeat"}), HasSubstr("no such setting"));
  EXPECT_THAT(Refusal({"--=1"}), HasSubstr("no such setting"));
  EXPECT_THAT(Refusal({"serve"}), HasSubstr("unexpected argument: serve"));
  EXPECT_THAT(Refusal({"-"}), HasSubstr("unexpected argument"));
  EXPECT_THAT(Refusal({"--insecure", "false"}),
              HasSubstr("unexpected argument: false"));
  EXPECT_THAT(Refusal({"--", "--loops=1"}), HasSubstr("unexpected argument"));
  EXPECT_EQ(Parse({"--loops=1", "--"}).loops, 1);
  for (const char* arg : {"--topics=[]", "--topics"}) {
    EXPECT_EQ(Refusal({arg}),
              "--topics: can only be in the file, see --config");
  }
}

TEST(ParseOptions, AMissingOrSurplusValueIsRefusedWithTheName) {
  EXPECT_EQ(Refusal({"--heartbeat"}),
            "--heartbeat: the value is missing: must be 1s to 1m");
  EXPECT_THAT(Refusal({"--heartbeat", "--insecure"}),
              HasSubstr("the value is missing"));
  EXPECT_EQ(Refusal({"--noinsecure=true"}), "--noinsecure: takes no value");
}

TEST(ParseOptions, ARefusalNamesFlagValueAndBounds) {
  const std::string message = Refusal({"--retry=1ms"});
  EXPECT_THAT(message, HasSubstr("--retry=1ms"));
  EXPECT_THAT(message, HasSubstr("100ms to 24h"));
}

TEST(ParseOptions, HelpAndVersionAreActions) {
  EXPECT_EQ(ParseOptions({"--help"})->action, Action::kHelp);
  EXPECT_EQ(ParseOptions({"-h"})->action, Action::kHelp);
  EXPECT_EQ(ParseOptions({"--loops=1", "--help", "--bogus"})->action,
            Action::kHelp);
  EXPECT_EQ(ParseOptions({"--help=markdown"})->action, Action::kHelpMarkdown);
  EXPECT_EQ(ParseOptions({"--version"})->action, Action::kVersion);
  EXPECT_THAT(Refusal({"--help=html"}), HasSubstr("markdown"));
  EXPECT_THAT(Refusal({"--version=1"}), HasSubstr("no value"));
}

TEST(ParseOptions, AnAddressThatIsNotLoopbackNeedsInsecure) {
  for (const std::string name : {"grpc_listen", "http_listen"}) {
    for (const std::string address : {"0.0.0.0:1", ":1", "[::]:1", "db:1"}) {
      const std::string flag = "--" + name + "=" + address;
      const std::string message = Refusal({flag});
      EXPECT_THAT(message, HasSubstr(name + "=" + address));
      EXPECT_THAT(message, HasSubstr("--insecure"));
      Parse({flag, "--insecure"});
    }
    Parse({"--" + name + "=localhost:1"});
    Parse({"--" + name + "=[::1]:1"});
  }
}

class ParseOptionsWithAFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(path_) << "heartbeat: 30s\nretry: 4s\ninsecure: true\n";
  }

  const std::string path_ =
      ::testing::TempDir() +
      ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".yaml";
};

TEST_F(ParseOptionsWithAFile, FlagsWinOverTheFileWhateverTheirOrder) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"--config=" + path_, "--heartbeat=5s"},
        std::vector<std::string>{"--heartbeat=5s", "--config", path_}}) {
    const Config config = Parse(args);
    EXPECT_EQ(config.heartbeat, absl::Seconds(5));
    EXPECT_EQ(config.retry, absl::Seconds(4));
    EXPECT_EQ(config.config, path_);
  }
}

TEST_F(ParseOptionsWithAFile, AFlagTakesBackWhatTheFileAllows) {
  Parse({"--config=" + path_, "--http_listen=:0"});
  EXPECT_THAT(
      Refusal({"--noinsecure", "--config=" + path_, "--http_listen=:0"}),
      HasSubstr("--insecure"));
}

TEST_F(ParseOptionsWithAFile, ABadFileIsRefusedAlsoUnderGoodFlags) {
  std::ofstream(path_) << "retry: 1ms\n";
  EXPECT_THAT(Refusal({"--config=" + path_, "--retry=1s"}),
              HasSubstr(path_ + ":1: retry=1ms: must be"));
}

TEST_F(ParseOptionsWithAFile, OneProcessMayHaveSeveralConfigs) {
  const Config a = Parse({"--config=" + path_, "--loops=3"});
  const Config b = Parse({});
  EXPECT_EQ(a.loops, 3);
  EXPECT_EQ(b.loops, 0);
  EXPECT_FALSE(b.insecure);
}

}  // namespace
}  // namespace sluice
