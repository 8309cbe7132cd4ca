#include "bridge/http/topic_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

using testing::StartsWith;

absl::StatusOr<CreateTopicBody> Create(absl::string_view body) {
  TopicSettings defaults;
  defaults.retention_events = 11;
  TopicRule rule;
  rule.match = "ruled.>";
  rule.retention_bytes = 22;
  rule.coalesce = true;
  return ParseCreateTopic(body, TopicRules(defaults, {rule}));
}

absl::StatusOr<CreateTopicBody> Settings(absl::string_view fields) {
  return Create(
      absl::StrCat("{\"topic\":\"ruled.t\",\"settings\":{", fields, "}}"));
}

TEST(TopicJsonTest, NothingGivenIsAMadeNameAndTheServersSettings) {
  std::string last;
  for (const char* body : {"", "{}", R"({"topic":null,"settings":null})",
                           R"({"topic":"","settings":{}})"}) {
    const auto created = Create(body);
    ASSERT_TRUE(created.ok()) << created.status();
    EXPECT_EQ(created->topic.size(), 26u);
    EXPECT_NE(created->topic, last);
    last = created->topic;
    EXPECT_EQ(created->settings.retention_events, 11u);
    EXPECT_EQ(created->settings.retention_bytes, 8u << 20);
    EXPECT_FALSE(created->replace_ended);
  }
}

TEST(TopicJsonTest, SettingsLieOverTheRules) {
  const auto created = Create(R"({
    "topic": "ruled.t", "replaceEnded": true,
    "settings": {"retentionEvents": "7", "retentionAge": "90.5s",
                 "default_start": "START_LATEST", "slowReader": 2,
                 "omitDoneMarker": true}})");
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->topic, "ruled.t");
  EXPECT_TRUE(created->replace_ended);
  const TopicSettings& settings = created->settings;
  EXPECT_EQ(settings.retention_events, 7u);
  EXPECT_EQ(settings.retention_bytes, 22u);
  EXPECT_EQ(settings.retention_age, absl::Milliseconds(90500));
  EXPECT_EQ(settings.default_start, TopicSettings::Start::kLatest);
  EXPECT_EQ(settings.slow_reader, TopicSettings::SlowReader::kDisconnect);
  EXPECT_TRUE(settings.coalesce);
  EXPECT_TRUE(settings.omit_done_marker);
}

TEST(TopicJsonTest, ZeroFalseAndUnspecifiedLeaveASettingToTheServer) {
  const auto created = Settings(
      R"("retentionEvents":0,"retentionBytes":"0","retentionAge":null,
         "defaultStart":0,"slowReader":"SLOW_READER_UNSPECIFIED",
         "coalesce":false,"omit_done_marker":false)");
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->settings.retention_events, 11u);
  EXPECT_EQ(created->settings.retention_bytes, 22u);
  EXPECT_EQ(created->settings.retention_age, absl::Hours(1));
  EXPECT_EQ(created->settings.default_start, TopicSettings::Start::kEarliest);
  EXPECT_TRUE(created->settings.coalesce);
}

TEST(TopicJsonTest, AWrongSettingIsNamed) {
  const struct {
    const char* fields;
    const char* says;
  } kRows[] = {
      {R"("retentionEvents":-1)", "settings.retentionEvents: must be a whole"},
      {R"("retention_bytes":true)", "settings.retention_bytes: must be"},
      {R"("retentionAge":"0s")",
       "settings.retentionAge: retention_age is 1 s or more"},
      {R"("retentionAge":"-5s")",
       "settings.retentionAge: retention_age is 1 s or more"},
      {R"("retentionAge":3600)", "settings.retentionAge: must be a string"},
      {R"("defaultStart":3)",
       "settings.defaultStart: there is no Start of number 3"},
      {R"("defaultStart":-1)",
       "settings.defaultStart: there is no Start of number -1"},
      {R"("defaultStart":"latest")",
       "settings.defaultStart: must be one of Start's names, like"},
      {R"("defaultStart":1.5)",
       "settings.defaultStart: must be the name or the number of a Start"},
      {R"("slowReader":"START_LATEST")",
       "settings.slowReader: must be one of SlowReader's names"},
      {R"("coalesce":"yes")", "settings.coalesce: must be true or false"},
      {R"("retentionevents":1)", "settings.retentionevents: there is no such"},
  };
  for (const auto& row : kRows) {
    const absl::Status status = Settings(row.fields).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), StartsWith(row.says));
  }
}

TEST(TopicJsonTest, ANameThatMayNotBeMadeIsRefused) {
  for (const char* name : {"a..b", "sluice.x", "a b", "a*", ">"}) {
    const absl::Status status =
        Create(absl::StrCat("{\"topic\":\"", name, "\"}")).status();
    EXPECT_THAT(std::string(status.message()), StartsWith("topic: ")) << name;
  }
}

TEST(TopicJsonTest, AnEndIsCompletedOrHasACode) {
  for (const char* body : {"", "{}", R"({"error":null})"}) {
    const auto end = ParseEndTopic(body);
    ASSERT_TRUE(end.ok()) << end.status();
    EXPECT_EQ(end->failure, absl::nullopt);
  }
  for (const char* code : {"13", "\"INTERNAL\""}) {
    const auto end = ParseEndTopic(
        absl::StrCat(R"({"error":{"code":)", code, R"(,"message":"no"}})"));
    ASSERT_TRUE(end.ok()) << end.status();
    EXPECT_EQ(*end->failure, (Failure{13, "no"}));
  }
  EXPECT_EQ(*ParseEndTopic(R"({"error":{"code":"CANCELLED"}})")->failure,
            (Failure{1, ""}));
}

TEST(TopicJsonTest, AnErrorWithoutACodeOfItsOwnIsRefused) {
  for (const char* error :
       {"{}", R"({"message":"m"})", R"({"code":0})", R"({"code":17})",
        R"({"code":18446744073709551615})", R"({"code":-1})", R"({"code":1.5})",
        R"({"code":"OK"})", R"({"code":"internal"})", R"({"code":"13"})",
        R"({"code":[]})"}) {
    const absl::Status status =
        ParseEndTopic(absl::StrCat("{\"error\":", error, "}")).status();
    EXPECT_THAT(std::string(status.message()), StartsWith("error.code: "))
        << error;
  }
  EXPECT_EQ(
      ParseEndTopic(R"({"error":{"code":5,"message":5}})").status().message(),
      "error.message: must be a string");
  EXPECT_EQ(ParseEndTopic(R"({"error":"x"})").status().message(),
            "error: must be an object");
}

TEST(TopicJsonTest, AReasonIsBounded) {
  EXPECT_EQ(*ParseStop(""), "");
  EXPECT_EQ(*ParseStop(R"({"reason":"seen enough"})"), "seen enough");
  const auto of = [](size_t bytes) {
    return ParseStop(
        absl::StrCat(R"({"reason":")", std::string(bytes, 'x'), "\"}"));
  };
  EXPECT_TRUE(of(kMaxReasonBytes).ok());
  EXPECT_EQ(of(kMaxReasonBytes + 1).status().message(),
            "reason: must be at most 1024 bytes long");
  EXPECT_EQ(ParseStop(R"({"reason":1})").status().message(),
            "reason: must be a string");
}

}  // namespace
}  // namespace sluice
