#include <gtest/gtest.h>

#include <string>

#include "bridge/base/error_table.h"
#include "bridge/base/json.h"
#include "bridge/base/utf8.h"

namespace sluice {
namespace {

TEST(Utf8, TakesWhatIsWellFormed) {
  for (const char* text :
       {"", "ascii that is longer than a word", "é", "\xE0\xA0\x80",
        "\xED\x9F\xBF", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
        "12345678é"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
  }
}

TEST(Utf8, RefusesWhatIsNot) {
  for (const char* text : {"\xFF", "\x80", "\xC3", "\xC3\x28", "\xC0\x80",
                           "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                           "\xE2\x82", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                           "\xF5\x80\x80\x80", "1234567\xE9", "12345678\xE9"}) {
    EXPECT_FALSE(IsValidUtf8(text));
  }
}

TEST(JsonString, EscapesWhatJsonDoes) {
  EXPECT_EQ(JsonString("a\"b\\c\n\x01é"), "\"a\\\"b\\\\c\\n\\u0001é\"");
  EXPECT_EQ(JsonString(std::string("\0", 1)), "\"\\u0000\"");
}

TEST(JsonString, IsUtf8WhateverItIsMadeOf) {
  EXPECT_TRUE(IsValidUtf8(JsonString("\xFF\xC3")));
}

TEST(ErrorTable, HasEveryCodeByNumberAndByName) {
  for (int code = 0; code <= 16; ++code) {
    const ErrorRow& row = ErrorRowOf(code);
    EXPECT_EQ(static_cast<int>(row.code), code);
    EXPECT_EQ(FindErrorRow(row.name), &row);
  }
  EXPECT_EQ(ErrorRowOf(17).name, "UNKNOWN");
  EXPECT_EQ(ErrorRowOf(-1).name, "UNKNOWN");
  EXPECT_EQ(FindErrorRow("NO_SUCH"), nullptr);
}

}  // namespace
}  // namespace sluice
