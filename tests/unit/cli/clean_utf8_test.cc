#include "clients/cli/clean_utf8.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::string Clean(std::string text) {
  CleanUtf8(text);
  return text;
}

TEST(CleanUtf8Test, ValidTextStaysAsItIs) {
  std::string text = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80";
  EXPECT_FALSE(CleanUtf8(text));
  EXPECT_EQ(text, "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(CleanUtf8Test, EachMaximalSubpartBecomesOneReplacement) {
  // The example of Unicode 15, table 3-11.
  EXPECT_EQ(Clean("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64"),
            "a\uFFFD\uFFFD\uFFFDb\uFFFDc\uFFFD\uFFFDd");
}

TEST(CleanUtf8Test, OverlongFormsAndSurrogatesAreReplacedByteByByte) {
  EXPECT_EQ(Clean("\xC0\xAF"), "\uFFFD\uFFFD");
  EXPECT_EQ(Clean("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(Clean("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST(CleanUtf8Test, ASequenceCutByTheEndIsOneReplacement) {
  std::string text = "x\xF0\x9F\x98";
  EXPECT_TRUE(CleanUtf8(text));
  EXPECT_EQ(text, "x\uFFFD");
}

}  // namespace
}  // namespace sluice
