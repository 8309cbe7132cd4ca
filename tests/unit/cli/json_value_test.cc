#include "clients/cli/json_value.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

TEST(JsonValueTest, WhatIsQuotedReadsBackTheSame) {
  // The NUL is why the length is given.
  constexpr char kText[] = "a\"b\\c\n\r\t\0\x01\x7F</script> \xC3\xA4";
  const std::string text(kText, sizeof(kText) - 1);
  const auto value = ParseJson(JsonQuote(text));
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->string_value(), text);
}

TEST(JsonValueTest, WhatIsNotUtf8IsReplacedAndTheRestKept) {
  EXPECT_EQ(JsonQuote("\xC3\xA4\xFFz"), "\"\xC3\xA4\uFFFDz\"");
}

TEST(JsonValueTest, AFieldThatIsMissingOrNoStringIsEmpty) {
  const auto value = ParseJson("{\"a\":\"x\",\"b\":1}");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(StringField(value->struct_value(), "a"), "x");
  EXPECT_EQ(StringField(value->struct_value(), "b"), "");
  EXPECT_EQ(StringField(value->struct_value(), "c"), "");
}

TEST(JsonValueTest, WhatIsWrongIsOnePhrase) {
  EXPECT_EQ(ParseJson("{\"a\" 1}").status().message(),
            "Expected : between key:value pair");
}

}  // namespace
}  // namespace sluice
