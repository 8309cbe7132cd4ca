#include "bridge/hub/pattern_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "bridge/event/selector.h"

namespace sluice {
namespace {

// The index never looks at what it finds.
TopicView* View(uintptr_t number) {
  return reinterpret_cast<TopicView*>(number);
}

std::vector<TopicView*> Found(const PatternIndex& index,
                              absl::string_view topic) {
  std::vector<TopicView*> found;
  index.Find(topic, found);
  std::sort(found.begin(), found.end());
  return found;
}

std::string RandomWords(std::mt19937& random,
                        const std::vector<std::string>& words) {
  std::string text = words[random() % words.size()];
  for (size_t more = random() % 3; more > 0; --more)
    absl::StrAppend(&text, ".", words[random() % words.size()]);
  return text;
}

TEST(PatternIndexTest, FindsWhatMatchesFinds) {
  std::mt19937 random(1);
  PatternIndex index;
  std::vector<std::string> patterns;
  for (int i = 0; i < 200; ++i) {
    patterns.push_back(RandomWords(random, {"a", "b", "*"}));
    if (random() % 3 == 0) patterns.back() += ".>";
    index.Insert(patterns.back(), View(static_cast<uintptr_t>(i + 1)));
  }
  patterns.push_back(">");
  index.Insert(">", View(patterns.size()));
  while (!patterns.empty()) {
    const std::string topic = RandomWords(random, {"a", "b", "c", "sluice"});
    std::vector<TopicView*> expected;
    for (size_t i = 0; i < patterns.size(); ++i) {
      if (Matches(patterns[i], topic)) expected.push_back(View(i + 1));
    }
    ASSERT_EQ(Found(index, topic), expected) << topic;
    if (random() % 4 == 0) {
      index.Remove(patterns.back(), View(patterns.size()));
      patterns.pop_back();
    }
  }
  EXPECT_TRUE(index.empty());
}

TEST(PatternIndexTest, ManyMayWatchOnePattern) {
  PatternIndex index;
  index.Insert("a.*", View(1));
  index.Insert("a.*", View(2));
  EXPECT_EQ(Found(index, "a.b").size(), 2u);
  index.Remove("a.*", View(1));
  EXPECT_EQ(Found(index, "a.b"), std::vector<TopicView*>{View(2)});
}

}  // namespace
}  // namespace sluice
