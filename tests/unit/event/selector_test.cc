#include "bridge/event/selector.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace sluice {
namespace {

// The longest name, in tokens of one byte: 128 of them.
std::string ManyTokens(absl::string_view token) {
  return absl::StrJoin(std::vector<absl::string_view>(128, token), ".");
}

TEST(Topic, IsTokensJoinedByDots) {
  for (const std::string& topic :
       {std::string("a"), std::string("build.log"), std::string("A-z_0~:@.9"),
        std::string(255, 'x'), std::string("sluice.stats")}) {
    EXPECT_TRUE(CheckTopic(topic).ok()) << topic;
    EXPECT_TRUE(CheckPattern(topic).ok()) << topic;
  }
}

TEST(Topic, IsNothingElse) {
  for (const std::string& topic :
       {std::string(), std::string(256, 'x'), std::string("."),
        std::string(".a"), std::string("a."), std::string("a..b"),
        std::string("a b"), std::string("a/b"), std::string("a*"),
        std::string(">"), std::string("a\nb"), std::string("a\0b", 3),
        std::string("é"), std::string("a#b"), std::string("a%b")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckTopic(topic))) << topic;
    EXPECT_TRUE(absl::IsInvalidArgument(CheckWritableTopic(topic))) << topic;
  }
}

TEST(Topic, OnlyTheServerWritesToItsOwn) {
  EXPECT_FALSE(CheckWritableTopic("sluice").ok());
  EXPECT_FALSE(CheckWritableTopic("sluice.stats").ok());
  EXPECT_TRUE(CheckWritableTopic("sluices.open").ok());
}

TEST(Pattern, IsTokensAndWildcardsJoinedByDots) {
  for (const std::string& pattern :
       {std::string("*"), std::string(">"), std::string("*.>"),
        std::string("*.*"), std::string("a.*.b"), std::string("a.>"),
        std::string("*.a"), std::string("a.*.>"), std::string("sluice.*"),
        ManyTokens("*"), std::string(253, 'x') + ".>"}) {
    EXPECT_TRUE(CheckPattern(pattern).ok()) << pattern;
    EXPECT_FALSE(CheckTopic(pattern).ok()) << pattern;
  }
}

TEST(Pattern, IsNothingElse) {
  for (const std::string& pattern : {std::string(),
                                     std::string("."),
                                     std::string(".*"),
                                     std::string("*."),
                                     std::string(">."),
                                     std::string("a..*"),
                                     std::string("*..>"),
                                     std::string("a.>.b"),
                                     std::string(">.a"),
                                     std::string(">.>"),
                                     std::string(">>"),
                                     std::string("**"),
                                     std::string("*>"),
                                     std::string(">*"),
                                     std::string("a*"),
                                     std::string("*a"),
                                     std::string("a>"),
                                     std::string("a.>b"),
                                     std::string("a.b*.c"),
                                     std::string("* "),
                                     std::string("a/*"),
                                     std::string("a,*"),
                                     std::string("\xff.*"),
                                     std::string("*.\0", 3),
                                     std::string("*\n"),
                                     std::string("*.é"),
                                     std::string("＊"),
                                     std::string("a．*"),
                                     ManyTokens("*") + ".",
                                     std::string(256, 'x'),
                                     std::string(254, 'x') + ".>",
                                     std::string(1 << 20, '*')}) {
    const absl::Status status = CheckPattern(pattern);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << pattern.substr(0, 300);
    EXPECT_LT(status.message().size(), 200u);
  }
}

TEST(Pattern, ARefusalSaysWhatIsWrong) {
  const auto why = [](absl::string_view pattern) {
    return std::string(CheckPattern(pattern).message());
  };
  EXPECT_EQ(why(""), "a pattern is empty");
  EXPECT_EQ(why(std::string(256, 'x')),
            "a pattern is 256 bytes long; the limit is 255");
  EXPECT_EQ(why("a.>.b"),
            "a pattern's `>` stands for the rest of a name, so it is the last "
            "token");
  EXPECT_EQ(why("a*"),
            "a pattern's `*` and `>` stand for whole tokens, between dots");
  EXPECT_EQ(why("a..b"),
            "a pattern is tokens of [A-Za-z0-9_~:@-], `*` for any one, or a "
            "final `>` for one or more, joined by single dots");
}

struct Match {
  std::string pattern;
  std::string topic;
};

TEST(Pattern, MatchesWhatItsTokensStandFor) {
  for (const Match& row : std::vector<Match>{
           {"a", "a"},
           {"a.b", "a.b"},
           {"*", "a"},
           {"*", std::string(255, 'x')},
           {"a.*", "a.b"},
           {"*.b", "a.b"},
           {"*.*", "a.b"},
           {"a.*.c", "a.b.c"},
           {"a.*.*.d", "a.b.c.d"},
           {">", "a"},
           {">", "a.b.c"},
           {">", std::string(255, 'x')},
           {">", ManyTokens("a")},
           {"a.>", "a.b"},
           {"a.>", "a.b.c.d"},
           {"*.>", "a.b"},
           {"*.>", "a.b.c"},
           {"a.*.>", "a.b.c"},
           {ManyTokens("*"), ManyTokens("a")},
           {"a.>", absl::StrCat("a.", std::string(253, 'x'))},
           {"*.stats", "sluices.stats"},
           {"*", "slu"},
           {"sluices.>", "sluices.open"},
           {"-._.~.:.@", "-._.~.:.@"},
       }) {
    EXPECT_TRUE(Matches(row.pattern, row.topic))
        << row.pattern << " " << row.topic;
  }
}

TEST(Pattern, MatchesNothingElse) {
  for (const Match& row : std::vector<Match>{
           {"a", "b"},
           {"a", "A"},
           {"a", "ab"},
           {"ab", "a"},
           {"a", "a.b"},
           {"a.b", "a"},
           {"a.b", "ab"},
           {"*", "a.b"},
           {"a.*", "a"},
           {"a.*", "a.b.c"},
           {"a.*", "ab"},
           {"a.*", "b.c"},
           {"*.b", "b"},
           {"*.b", "a.b.c"},
           {"*.*", "a"},
           {"*.*", "a.b.c"},
           {"a.*.c", "a.c"},
           {"a.*.c", "a.b.b.c"},
           {"a.>", "a"},
           {"a.>", "ab.c"},
           {"a.>", "b.a.c"},
           {"*.>", "a"},
           {"a.*.>", "a.b"},
           {ManyTokens("*"), ManyTokens("a").substr(2)},
           {ManyTokens("a"), ManyTokens("a").substr(2)},
       }) {
    EXPECT_FALSE(Matches(row.pattern, row.topic))
        << row.pattern << " " << row.topic;
  }
}

TEST(Pattern, TheServersOwnTopicsAreMatchedByTheirNamesAlone) {
  for (const char* pattern : {"*", ">", "*.*", "*.>", "*.stats", "sluice.*",
                              "sluice.>", "sluice", "sluice.a"}) {
    EXPECT_FALSE(Matches(pattern, "sluice.stats")) << pattern;
    EXPECT_EQ(Matches(pattern, "sluice"), std::string(pattern) == "sluice")
        << pattern;
  }
  EXPECT_TRUE(Matches("sluice.stats", "sluice.stats"));
}

TEST(Pattern, CoversAnotherThatMatchesNothingElse) {
  for (const Match& row : std::vector<Match>{{"a", "a"},
                                             {"*", "a"},
                                             {"*", "*"},
                                             {">", ">"},
                                             {">", "*"},
                                             {">", "a.>"},
                                             {">", "*.>"},
                                             {"*.>", "*.>"},
                                             {"*.>", "a.>"},
                                             {"*.>", "a.*"},
                                             {"*.>", "*.*.>"},
                                             {"a.>", "a.*.>"},
                                             {"a.>", "a.b"},
                                             {"a.*", "a.b"},
                                             {"*.b", "a.b"},
                                             {"sluice.a", "sluice.a"}}) {
    EXPECT_TRUE(Covers(row.pattern, row.topic))
        << row.pattern << " " << row.topic;
  }
  for (const Match& row : std::vector<Match>{{"a", "*"},
                                             {"a", ">"},
                                             {"*", ">"},
                                             {"*.>", ">"},
                                             {"*.*", "*.>"},
                                             {"a.*", "a.>"},
                                             {"a.*.>", "a.>"},
                                             {"a.>", "a"},
                                             {"a.>", "*.>"},
                                             {"a.*", "*.b"},
                                             {">", "sluice.a"},
                                             {"sluice.*", "sluice.a"}}) {
    EXPECT_FALSE(Covers(row.pattern, row.topic))
        << row.pattern << " " << row.topic;
  }
}

// All names of up to `depth` tokens that can be made of `tokens`.
std::vector<std::string> Names(const std::vector<std::string>& tokens,
                               size_t depth) {
  std::vector<std::string> names = tokens;
  size_t from = 0;
  for (size_t i = 1; i < depth; ++i) {
    const size_t to = names.size();
    for (; from < to; ++from) {
      for (const std::string& token : tokens)
        names.push_back(absl::StrCat(names[from], ".", token));
    }
  }
  return names;
}

// NATS's rules said once more, by recursion.
bool Reference(const std::vector<std::string>& pattern,
               const std::vector<std::string>& topic, size_t at = 0) {
  if (at < pattern.size() && pattern[at] == ">") return at < topic.size();
  if (at == pattern.size() || at == topic.size())
    return pattern.size() == topic.size();
  return (pattern[at] == "*" || pattern[at] == topic[at]) &&
         Reference(pattern, topic, at + 1);
}

TEST(Pattern, AgreesWithTheRulesOnAllShortNames) {
  const std::vector<std::string> topics = Names({"a", "b"}, 4);
  std::vector<std::string> patterns;
  for (const std::string& name : Names({"a", "b", "*", ">"}, 3)) {
    if (CheckPattern(name).ok()) patterns.push_back(name);
  }
  ASSERT_EQ(patterns.size(), 3 + 1 + 9 + 3 + 27 + 9u);
  for (const std::string& pattern : patterns) {
    std::vector<bool> matches;
    for (const std::string& topic : topics) {
      matches.push_back(Matches(pattern, topic));
      ASSERT_EQ(matches.back(), Reference(absl::StrSplit(pattern, '.'),
                                          absl::StrSplit(topic, '.')))
          << pattern << " " << topic;
    }
    for (const std::string& other : patterns) {
      bool all = true;
      for (size_t i = 0; i < topics.size(); ++i)
        all = all && (!Matches(other, topics[i]) || matches[i]);
      ASSERT_EQ(Covers(pattern, other), all) << pattern << " " << other;
    }
  }
}

}  // namespace
}  // namespace sluice
