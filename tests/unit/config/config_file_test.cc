#include "bridge/config/config_file.h"

#include <string>

#include "tests/unit/config/config_file_fixture.h"

namespace sluice {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using ConfigFile = ConfigFileTest;

TEST_F(ConfigFile, KeysAreTheNamesOfTheFlags) {
  ASSERT_TRUE(Read("# ours\nheartbeat: 20s\nretention_bytes: 16MiB\n"
                   "require_topics: true\nhttp_listen: '[::1]:9000'\n"
                   "max_topics: 12\nlog_format: json\ndescriptor_set: \"\"\n")
                  .ok());
  EXPECT_EQ(config_.heartbeat, absl::Seconds(20));
  EXPECT_EQ(config_.retention_bytes, 16 * kMiB);
  EXPECT_TRUE(config_.require_topics);
  EXPECT_EQ(config_.http_listen, (HostPort{"::1", 9000}));
  EXPECT_EQ(config_.max_topics, 12u);
  EXPECT_EQ(config_.log_format, LogFormat::kJson);
}

TEST_F(ConfigFile, AListIsASequenceOrCommaSeparated) {
  const auto both = ElementsAre("https://a.example", "https://b.example");
  ASSERT_TRUE(
      Read("cors_origins:\n  - https://a.example\n  - https://b.example\n")
          .ok());
  EXPECT_THAT(config_.cors_origins, both);
  ASSERT_TRUE(Read("cors_origins: https://a.example,https://b.example").ok());
  EXPECT_THAT(config_.cors_origins, both);
  ASSERT_TRUE(Read("cors_origins: []").ok());
  EXPECT_THAT(config_.cors_origins, ElementsAre());
}

TEST_F(ConfigFile, AnEmptyFileSetsNothing) {
  for (const char* text : {"", "\n", "# only a comment\n", "---\n", "{}"})
    EXPECT_TRUE(Read(text).ok()) << text;
}

TEST_F(ConfigFile, ABadValueIsRefusedWithLineKeyValueAndBounds) {
  EXPECT_EQ(Refusal("retry: 1s\n\nheartbeat: 5m\n"),
            ":3: heartbeat=5m: must be a duration such as 1500ms, 15s or 1h, "
            "1s to 1m");
  EXPECT_THAT(Refusal("cors_origins:\n- '*'\n"),
              StartsWith(":1: cors_origins=*"));
}

TEST_F(ConfigFile, AnUnknownKeyIsRefusedWithTheNearestOne) {
  EXPECT_EQ(Refusal("retry: 1s\nhearbeat: 5s\n"),
            ":2: hearbeat: there is no such setting, did you mean heartbeat?");
  EXPECT_THAT(Refusal("<<: {retry: 1s}\n"), HasSubstr("no such setting"));
}

TEST_F(ConfigFile, ARepeatedKeyIsRefused) {
  EXPECT_EQ(Refusal("retry: 1s\nloops: 1\nretry: 2s\n"),
            ":3: retry: is given more than once");
}

TEST_F(ConfigFile, AFileCannotNameAnotherFile) {
  EXPECT_EQ(Refusal("config: other.yaml\n"), ":1: config: can only be a flag");
}

TEST_F(ConfigFile, AValueOfTheWrongShapeIsRefused) {
  EXPECT_EQ(Refusal("retry:\n"), ":1: retry: the value is missing");
  EXPECT_EQ(Refusal("retry: [1s]\n"), ":1: retry: must be a single value");
  EXPECT_EQ(Refusal("retry: {a: 1s}\n"), ":1: retry: must be a single value");
  EXPECT_THAT(Refusal("cors_origins: [[a]]\n"), HasSubstr("single values"));
  EXPECT_THAT(Refusal("cors_origins: &a [*a]\n"), StartsWith(":1: "));
  EXPECT_THAT(Refusal("- retry\n"), HasSubstr("must be a mapping"));
  EXPECT_THAT(Refusal("retry"), HasSubstr("must be a mapping"));
  EXPECT_THAT(Refusal("[a]: 1\n"), HasSubstr("a key must be"));
  EXPECT_THAT(Refusal("descriptor_set: \"a\\0b\"\n"),
              HasSubstr("must be a path"));
}

TEST_F(ConfigFile, MalformedYamlIsRefusedWithItsLine) {
  EXPECT_THAT(Refusal("retry: 1s\nloops: [1\n"), HasSubstr("is not YAML"));
  EXPECT_THAT(Refusal("retry: 1s\n\tloops: 1\n"),
              AllOf(StartsWith(":2: "), HasSubstr("is not YAML")));
  EXPECT_THAT(Refusal("retry: *nowhere\n"), StartsWith(":1: is not YAML"));
  EXPECT_THAT(Refusal("retry: 1s\n---\nloops: 1\n"),
              HasSubstr("one YAML document"));
  EXPECT_THAT(Refusal(std::string(100000, '[')), HasSubstr("is not YAML"));
}

TEST_F(ConfigFile, AFileThatCannotBeReadIsRefused) {
  Config config;
  for (const std::string& path :
       {path_ + ".none", ::testing::TempDir(), std::string("/dev/zero")}) {
    const absl::Status status = ReadConfigFile(path, config);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << path;
    EXPECT_THAT(std::string(status.message()),
                StartsWith("config=" + path + ": "));
  }
}

}  // namespace
}  // namespace sluice
