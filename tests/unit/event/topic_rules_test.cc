#include "bridge/event/topic_rules.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TopicRule Keep(const std::string& match, uint64_t events) {
  TopicRule rule;
  rule.match = match;
  rule.retention_events = events;
  return rule;
}

TEST(TopicRules, WithoutAnyEveryTopicHasTheServersSettings) {
  TopicSettings server;
  server.retention_events = 7;
  const TopicRules rules(server);
  EXPECT_EQ(rules.For("a").retention_events, 7u);
  EXPECT_EQ(TopicRules().For("a").retention_events, 1000u);
}

TEST(TopicRules, TheFirstThatMatchesCountsAlone) {
  TopicRule wide = Keep("price.>", 3);
  wide.coalesce = true;
  const TopicRules rules({}, {Keep("price.eur", 1), Keep("price.*", 2), wide});
  EXPECT_EQ(rules.For("price.eur").retention_events, 1u);
  EXPECT_FALSE(rules.For("price.eur").coalesce) << "a later rule was laid over";
  EXPECT_EQ(rules.For("price.usd").retention_events, 2u);
  EXPECT_EQ(rules.For("price.usd.spot").retention_events, 3u);
  EXPECT_TRUE(rules.For("price.usd.spot").coalesce);
  EXPECT_EQ(rules.For("price").retention_events, 1000u);
}

TEST(TopicRules, WhatARuleLeavesOutIsTheServers) {
  TopicSettings server;
  server.retention_bytes = 5;
  server.retention_age = absl::Minutes(5);
  const TopicRules rules(server, {Keep("a", 1)});
  EXPECT_EQ(rules.For("a").retention_bytes, 5u);
  EXPECT_EQ(rules.For("a").retention_age, absl::Minutes(5));
}

TEST(TopicRules, ARuleCanSetEverything) {
  TopicRule rule = Keep("a", 1);
  rule.retention_bytes = 2;
  rule.retention_age = absl::Seconds(3);
  rule.default_start = TopicSettings::Start::kLatest;
  rule.slow_reader = TopicSettings::SlowReader::kDisconnect;
  rule.coalesce = true;
  rule.omit_done_marker = true;
  const TopicSettings settings = TopicRules({}, {rule}).For("a");
  EXPECT_EQ(settings.retention_events, 1u);
  EXPECT_EQ(settings.retention_bytes, 2u);
  EXPECT_EQ(settings.retention_age, absl::Seconds(3));
  EXPECT_EQ(settings.default_start, TopicSettings::Start::kLatest);
  EXPECT_EQ(settings.slow_reader, TopicSettings::SlowReader::kDisconnect);
  EXPECT_TRUE(settings.coalesce);
  EXPECT_TRUE(settings.omit_done_marker);
}

TEST(TopicRules, NoneButTheServersIsForTheServersOwnTopics) {
  const TopicRules rules({}, {Keep(">", 1)});
  EXPECT_EQ(rules.For("a").retention_events, 1u);
  EXPECT_EQ(rules.For("sluice.stats").retention_events, 1000u);
}

TEST(TopicRules, AFalseOfARuleWinsOverATrueOfTheServer) {
  TopicSettings server;
  server.coalesce = true;
  TopicRule rule;
  rule.match = "a";
  rule.coalesce = false;
  EXPECT_FALSE(TopicRules(server, {rule}).For("a").coalesce);
}

}  // namespace
}  // namespace sluice
