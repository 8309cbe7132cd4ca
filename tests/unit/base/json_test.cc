#include "bridge/base/json.h"

#include <string>

#include "gtest/gtest.h"

namespace sluice {
namespace {

TEST(JsonString, EmptyTextIsAPairOfQuotes) {
  EXPECT_EQ(JsonString(""), "\"\"");
}

TEST(JsonString, PlainTextStaysAsItIs) {
  EXPECT_EQ(JsonString("a/b <c> & 'd'"), "\"a/b <c> & 'd'\"");
}

TEST(JsonString, QuotesAndBackslashesAreEscaped) {
  EXPECT_EQ(JsonString("\"\\"), "\"\\\"\\\\\"");
}

TEST(JsonString, EveryControlCharacterIsEscaped) {
  for (int c = 0; c < 0x20; ++c) {
    const std::string json = JsonString(std::string(1, static_cast<char>(c)));
    EXPECT_EQ(json.substr(0, 2), "\"\\") << c;
    for (char out : json) EXPECT_GE(out, 0x20) << c;
  }
  EXPECT_EQ(JsonString("\n"), "\"\\n\"");
  EXPECT_EQ(JsonString("\x1f"), "\"\\u001f\"");
  EXPECT_EQ(JsonString("\x7f"), "\"\\u007f\"");
}

TEST(JsonString, ANulDoesNotCutTheText) {
  EXPECT_EQ(JsonString(absl::string_view("a\0b", 3)), "\"a\\u0000b\"");
}

TEST(JsonString, WellFormedUtf8StaysAsItIs) {
  EXPECT_EQ(JsonString("Grüße €😀"), "\"Grüße €😀\"");
}

TEST(JsonString, ABadByteBecomesTheReplacementCharacter) {
  EXPECT_EQ(JsonString("a\xff"), "\"a\\ufffd\"");
  EXPECT_EQ(JsonString("\xc2"), "\"\\ufffd\"");
}

TEST(JsonString, AsciiBesideABadByteIsStillEscaped) {
  EXPECT_EQ(JsonString("\"\xff\n"), "\"\\\"\\ufffd\\n\"");
}

}  // namespace
}  // namespace sluice
