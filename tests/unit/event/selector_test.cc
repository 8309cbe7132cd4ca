#include "bridge/event/selector.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

TEST(Topic, IsTokensJoinedByDots) {
  for (const std::string& topic :
       {std::string("a"), std::string("build.log"), std::string("A-z_0~:@.9"),
        std::string(255, 'x'), std::string("sluice.stats")}) {
    EXPECT_TRUE(CheckTopic(topic).ok()) << topic;
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

}  // namespace
}  // namespace sluice
