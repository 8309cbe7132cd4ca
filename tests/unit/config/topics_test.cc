// The rules under `topics` in the settings file.
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/unit/config/config_file_fixture.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Topics = ConfigFileTest;

TEST_F(Topics, AreRulesInTheOrderOfTheFile) {
  const absl::Status status = Read(
      "retention_events: 5\n"
      "topics:\n"
      "  - {match: price.*, retention_events: 1, retention_bytes: 1MiB, "
      "retention_age: 10m, default_start: latest, slow_reader: "
      "disconnect, coalesce: true, omit_done_marker: true}\n"
      "  - match: '*.log'\n"
      "    coalesce: false\n"
      "  - match: \">\"\n");
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(config_.topics.size(), 3u);
  const TopicRule& price = config_.topics[0];
  EXPECT_EQ(price.match, "price.*");
  EXPECT_EQ(price.retention_events, 1u);
  EXPECT_EQ(price.retention_bytes, kMiB);
  EXPECT_EQ(price.retention_age, absl::Minutes(10));
  EXPECT_EQ(price.default_start, TopicSettings::Start::kLatest);
  EXPECT_EQ(price.slow_reader, TopicSettings::SlowReader::kDisconnect);
  EXPECT_EQ(price.coalesce, true);
  EXPECT_EQ(price.omit_done_marker, true);
  const TopicRule& log = config_.topics[1];
  EXPECT_EQ(log.match, "*.log");
  EXPECT_EQ(log.coalesce, false);
  EXPECT_FALSE(log.retention_events.has_value());
  EXPECT_FALSE(log.default_start.has_value());
  EXPECT_EQ(config_.topics[2].match, ">");
  EXPECT_EQ(config_.retention_events, 5u);
}

TEST_F(Topics, MayBeNone) {
  for (const char* text : {"topics: []\n", "topics: ''\n"}) {
    EXPECT_TRUE(Read(text).ok()) << text;
    EXPECT_THAT(config_.topics, IsEmpty());
  }
}

TEST_F(Topics, ABadValueIsRefusedWithLineRuleKeyValueAndBounds) {
  EXPECT_EQ(Refusal("topics:\n"
                    "  - match: a\n"
                    "  - match: b\n"
                    "    coalesce: true\n"
                    "    retention_events: 0\n"),
            ":5: topics[1].retention_events=0: must be a whole number, 1 to "
            "1000000000");
  EXPECT_EQ(Refusal("topics: [{match: a, retention_age: 1ms}]\n"),
            ":1: topics[0].retention_age=1ms: must be a duration such as "
            "1500ms, 15s or 1h, 1s to 8760h");
  EXPECT_EQ(Refusal("topics:\n- match: a*\n"),
            ":2: topics[0].match=a*: must be a topic's name or a pattern: a "
            "pattern's `*` and `>` stand for whole tokens, between dots");
}

TEST_F(Topics, AnUnknownKeyIsRefusedWithTheNearestOfARule) {
  EXPECT_EQ(Refusal("topics:\n- match: a\n  retention_event: 1\n"),
            ":3: topics[0].retention_event: there is no such setting, did you "
            "mean retention_events?");
  EXPECT_EQ(Refusal("topics: [{math: a}]\n"),
            ":1: topics[0].math: there is no such setting, did you mean "
            "match?");
  EXPECT_EQ(Refusal("topics: [{match: a, heartbeat: 1s}]\n"),
            ":1: topics[0].heartbeat: there is no such setting");
  EXPECT_EQ(Refusal("topic: []\n"),
            ":1: topic: there is no such setting, did you mean topics?");
}

TEST_F(Topics, ARuleMustHaveAMatch) {
  EXPECT_EQ(Refusal("topics:\n- match: a\n- retention_events: 1\n"),
            ":3: topics[1]: match is missing");
  EXPECT_EQ(Refusal("topics: [{}]\n"), ":1: topics[0]: match is missing");
  EXPECT_EQ(Refusal("topics:\n- match:\n"),
            ":2: topics[0].match: the value is missing");
}

TEST_F(Topics, ARepeatedKeyIsRefused) {
  EXPECT_EQ(Refusal("topics:\n- match: a\n  match: b\n"),
            ":3: topics[0].match: is given more than once");
  EXPECT_EQ(Refusal("topics: []\ntopics: []\n"),
            ":2: topics: is given more than once");
}

TEST_F(Topics, AnythingButAListOfMappingsIsRefused) {
  const std::string list =
      "must be a list of rules, each a mapping of its keys";
  EXPECT_EQ(Refusal("topics: price.*\n"), ":1: topics=price.*: " + list);
  EXPECT_EQ(Refusal("topics:\n  match: a\n"), ":1: topics: " + list);
  EXPECT_EQ(Refusal("topics:\n"), ":1: topics: the value is missing");
  const std::string mapping = "must be a mapping of a rule's keys to values";
  EXPECT_EQ(Refusal("topics: [a]\n"), ":1: topics[0]: " + mapping);
  EXPECT_EQ(Refusal("topics: [{match: a}, [b]]\n"),
            ":1: topics[1]: " + mapping);
  EXPECT_EQ(Refusal("topics: [null]\n"), ":1: topics[0]: " + mapping);
  EXPECT_EQ(Refusal("topics: &t [*t]\n"), ":1: topics[0]: " + mapping);
  EXPECT_EQ(Refusal("topics: [{match: [a]}]\n"),
            ":1: topics[0].match: must be a single value");
  EXPECT_EQ(Refusal("topics: [{[match]: a}]\n"),
            ":1: topics[0]: a key must be the name of a setting");
}

TEST_F(Topics, AWildcardWithoutQuotesIsRefusedWithAHint) {
  EXPECT_EQ(Refusal("topics:\n- match: *.log\n"),
            ":2: is not YAML: the referenced anchor is not defined (a text "
            "that begins with * needs quotes)");
  EXPECT_EQ(Refusal("topics:\n- match: >\n  coalesce: true\n"),
            ":2: topics[0].match=: must be a topic's name or a pattern (a lone "
            "> needs quotes)");
}

TEST_F(Topics, ARuleThatIsNeverUsedIsRefused) {
  EXPECT_EQ(Refusal("topics:\n"
                    "- match: a.>\n"
                    "- match: b\n"
                    "- coalesce: true\n"
                    "  match: a.*.c\n"),
            ":4: topics[2].match=a.*.c: is never used: the first rule that "
            "matches counts, and topics[0], a.>, matches all of it");
  EXPECT_THAT(Refusal("topics: [{match: a}, {match: a}]\n"),
              HasSubstr("topics[1].match=a: is never used"));
  EXPECT_TRUE(Read("topics: [{match: a.b}, {match: a.*}, {match: a.>}]").ok());
}

TEST_F(Topics, AreNotMoreThanATopicCanBeComparedWith) {
  std::string text = "topics:\n";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&text, "- match: t", i, "\n");
  EXPECT_TRUE(Read(text).ok());
  EXPECT_EQ(config_.topics.size(), 1000u);
  EXPECT_EQ(Refusal(text + "- match: a\n"),
            ":2: topics: must be at most 1000 rules");
}

}  // namespace
}  // namespace sluice
