#include "bridge/net/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

using Strings = std::vector<std::string>;

TEST(TargetTest, ThePathIsDecodedOnceSegmentBySegment) {
  const struct {
    const char* text;
    Strings segments;
  } kRows[] = {
      {"/", {""}},
      {"/v1", {"v1"}},
      {"/v1/", {"v1", ""}},
      {"//evil", {"", "evil"}},
      {"/v1/a%20b", {"v1", "a b"}},
      {"/%41%7a", {"Az"}},
      {"/%C3%a9", {"\xC3\xA9"}},
      {"/%2541", {"%41"}},
      {"/a+b", {"a+b"}},
      {"/a%2Bb", {"a+b"}},
      {"/a%3Fb?c", {"a?b"}},
      {"/%2e%2e/x", {"..", "x"}},
      {"/..;/x", {"..;", "x"}},
      {"/a%0d%0ab", {"a\r\nb"}},
      {"*", {}},
      {"http://host/v1/a", {"v1", "a"}},
      {"HTTPS://host:1/v1/a?x=y", {"v1", "a"}},
      {"http://host", {""}},
      {"/http://host/x", {"http:", "", "host", "x"}},
  };
  for (const auto& row : kRows) {
    const auto target = ParseTarget(row.text);
    ASSERT_TRUE(target.ok()) << row.text << target.status();
    EXPECT_EQ(target->segments, row.segments) << row.text;
  }
}

TEST(TargetTest, WhatCannotBeUnderstoodInOneWayIsRefused) {
  for (const char* text : {"",
                           "a",
                           "v1/x",
                           "?a=b",
                           "**",
                           "*/",
                           "/%",
                           "/%4",
                           "/%zz",
                           "/%4g",
                           "/%-1",
                           "/% 1",
                           "/%00",
                           "/a%00b",
                           "/a%2Fb",
                           "/a%2fb",
                           "/%ff",
                           "/%c0%af",
                           "/%e0%80%af",
                           "/%ed%a0%80",
                           "/%f4%90%80%80",
                           "/%c3",
                           "/a#b",
                           "/a b",
                           "/a\tb",
                           "/a\x7f",
                           "/\xC3\xA9",
                           "/?a=%",
                           "/?a=%zz",
                           "/?a=%ff",
                           "/?%c0%af=b",
                           "http://host?a=b",
                           "ftp://host/",
                           "host:443",
                           "/?a=b#c"}) {
    EXPECT_EQ(ParseTarget(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(TargetTest, TheQueryKeepsAllParametersInOrder) {
  const auto target = ParseTarget("/p?topic=a=b=c&x&topic=b&&y=&=z&p=1+2%2B3");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_THAT(target->query, ElementsAre(Pair("topic", "a=b=c"), Pair("x", ""),
                                         Pair("topic", "b"), Pair("y", ""),
                                         Pair("", "z"), Pair("p", "1 2+3")));
  EXPECT_EQ(target->Param("topic"), "a=b=c");
  EXPECT_EQ(target->CountParam("topic"), 2u);
  EXPECT_EQ(target->Param("x"), "");
  EXPECT_EQ(target->Param("none"), absl::nullopt);
  EXPECT_EQ(target->CountParam("none"), 0u);
}

TEST(TargetTest, EscapesInTheQueryCannotMakeParameters) {
  const auto target = ParseTarget("/p?a%3Db=c%26d%3De%2Ff%00g&a?b=/?");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_THAT(target->query,
              ElementsAre(Pair("a=b", std::string("c&d=e/f\0g", 9)),
                          Pair("a?b", "/?")));
}

TEST(TargetTest, AnEmptyQueryHasNoParameters) {
  EXPECT_THAT(ParseTarget("/p?")->query, IsEmpty());
  EXPECT_THAT(ParseTarget("/p?&&")->query, IsEmpty());
}

TEST(TargetTest, ThePathsLimitCountsDecodedBytes) {
  const std::string longest(kMaxPathBytes - 1, 'a');
  EXPECT_TRUE(ParseTarget("/" + longest).ok());
  EXPECT_TRUE(ParseTarget("/" + longest + "?" + longest).ok());
  EXPECT_EQ(ParseTarget("/" + longest + "a").status().code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ParseTarget(std::string(kMaxPathBytes + 1, '/')).status().code(),
            absl::StatusCode::kOutOfRange);
  std::string escaped = "/";
  for (size_t i = 1; i < kMaxPathBytes; ++i) absl::StrAppend(&escaped, "%61");
  EXPECT_TRUE(ParseTarget(escaped).ok());
  EXPECT_FALSE(ParseTarget(escaped + "%61").ok());
}

}  // namespace
}  // namespace sluice
