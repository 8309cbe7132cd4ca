#include "bridge/config/rule_options.h"

#include <set>
#include <string>

#include "bridge/config/options.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

absl::Status Set(const std::string& name, const std::string& text,
                 TopicRule& rule) {
  return SetOption(*FindOption(RuleOptions(), name), "", text, rule);
}

std::string Refusal(const std::string& name, const std::string& text) {
  TopicRule rule;
  const absl::Status status = Set(name, text, rule);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
      << name << "=" << text;
  EXPECT_EQ(FindOption(RuleOptions(), name)->get(rule), "")
      << "a refused value changed the rule";
  return std::string(status.message());
}

TEST(RuleOptions, EveryKeyIsThereOnceAndHasASentence) {
  std::set<absl::string_view> names;
  for (const RuleOption& option : RuleOptions()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    EXPECT_EQ(option.sentence.back(), '.') << option.name;
    EXPECT_FALSE(option.bounds.empty()) << option.name;
    EXPECT_EQ(option.value.empty(), option.is_bool) << option.name;
  }
  EXPECT_THAT(names, ::testing::UnorderedElementsAre(
                         "match", "retention_events", "retention_bytes",
                         "retention_age", "default_start", "slow_reader",
                         "coalesce", "omit_done_marker"));
}

TEST(RuleOptions, AValueReadsBackAsItPrints) {
  TopicRule rule;
  for (const auto& [name, text] :
       {std::pair<std::string, std::string>{"match", "price.*"},
        {"retention_events", "1"},
        {"retention_bytes", "1MiB"},
        {"retention_age", "10m"},
        {"default_start", "earliest"},
        {"default_start", "latest"},
        {"slow_reader", "gap"},
        {"slow_reader", "disconnect"},
        {"coalesce", "false"},
        {"coalesce", "true"},
        {"omit_done_marker", "true"}}) {
    EXPECT_TRUE(Set(name, text, rule).ok()) << name;
    EXPECT_EQ(FindOption(RuleOptions(), name)->get(rule), text) << name;
  }
  EXPECT_EQ(rule.match, "price.*");
  EXPECT_EQ(rule.retention_bytes, kMiB);
  EXPECT_EQ(rule.retention_age, absl::Minutes(10));
  EXPECT_EQ(rule.default_start, TopicSettings::Start::kLatest);
  EXPECT_EQ(rule.slow_reader, TopicSettings::SlowReader::kDisconnect);
  EXPECT_EQ(rule.coalesce, true);
}

TEST(RuleOptions, WhatIsNotSetStaysUnset) {
  TopicRule rule;
  for (const RuleOption& option : RuleOptions())
    EXPECT_EQ(option.get(rule), "") << option.name;
}

TEST(RuleOptions, TheBoundsAreThoseOfTheSettingsOfThatName) {
  for (const char* name :
       {"retention_events", "retention_bytes", "retention_age"}) {
    EXPECT_EQ(FindOption(RuleOptions(), name)->bounds,
              FindOption(Options(), name)->bounds);
  }
  EXPECT_EQ(Refusal("retention_events", "0"),
            "retention_events=0: must be a whole number, 1 to 1000000000");
  EXPECT_EQ(Refusal("retention_bytes", "1MB"),
            "retention_bytes=1MB: must be bytes, plain or with KiB, MiB or "
            "GiB, 1 to 1024GiB");
  EXPECT_THAT(Refusal("retention_age", "999ms"), HasSubstr("1s to 8760h"));
  EXPECT_EQ(Refusal("default_start", "LATEST"),
            "default_start=LATEST: must be earliest or latest");
  EXPECT_EQ(Refusal("slow_reader", ""),
            "slow_reader=: must be gap or disconnect");
  EXPECT_THAT(Refusal("coalesce", "2"), HasSubstr("true or false"));
}

TEST(RuleOptions, AMatchIsATopicOrAPatternThatProducersCanPublishTo) {
  TopicRule rule;
  for (const char* text : {"a", "price.*", "*", ">", "a.*.>", "sluices.a"})
    EXPECT_TRUE(Set("match", text, rule).ok()) << text;
  EXPECT_EQ(Refusal("match", ""),
            "match=: must be a topic's name or a pattern (a lone > needs "
            "quotes)");
  EXPECT_EQ(Refusal("match", "price*"),
            "match=price*: must be a topic's name or a pattern: a pattern's "
            "`*` and `>` stand for whole tokens, between dots");
  EXPECT_THAT(Refusal("match", "a.>.b"), HasSubstr("last token"));
  EXPECT_THAT(Refusal("match", std::string(256, 'x')), HasSubstr("255"));
  for (const char* text : {"sluice", "sluice.stats", "sluice.*", "sluice.>"})
    EXPECT_THAT(Refusal("match", text), HasSubstr("the server's own"));
}

}  // namespace
}  // namespace sluice
