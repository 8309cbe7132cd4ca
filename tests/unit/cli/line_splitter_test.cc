#include "clients/cli/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(LineSplitterTest, LfAndCrlfEndALineAndACrAloneDoesNot) {
  LineSplitter splitter(100);
  std::vector<std::string> lines;
  ASSERT_TRUE(splitter.Feed("one\ntwo\r\nthr\ree\n\n", lines).ok());
  EXPECT_THAT(lines, ElementsAre("one", "two", "thr\ree", ""));
  EXPECT_FALSE(splitter.Finish().has_value());
}

TEST(LineSplitterTest, ALineMayComeInPiecesCutAnywhere) {
  LineSplitter splitter(100);
  std::vector<std::string> lines;
  for (const char* piece : {"o", "ne\r", "\ntw", "o\r\n", "\r"}) {
    ASSERT_TRUE(splitter.Feed(piece, lines).ok());
  }
  EXPECT_THAT(lines, ElementsAre("one", "two"));
  EXPECT_EQ(splitter.Finish(), "\r");
}

TEST(LineSplitterTest, ALastLineWithoutALineEndCounts) {
  LineSplitter splitter(100);
  std::vector<std::string> lines;
  ASSERT_TRUE(splitter.Feed("last", lines).ok());
  EXPECT_THAT(lines, IsEmpty());
  EXPECT_EQ(splitter.Finish(), "last");
  EXPECT_FALSE(splitter.Finish().has_value());
}

TEST(LineSplitterTest, ALineThatIsTooLongIsAnErrorBeforeItEnds) {
  LineSplitter splitter(4);
  std::vector<std::string> lines;
  ASSERT_TRUE(splitter.Feed("good\nmor", lines).ok());
  EXPECT_EQ(splitter.Feed("e!", lines).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(lines, ElementsAre("good"));
}

}  // namespace
}  // namespace sluice
