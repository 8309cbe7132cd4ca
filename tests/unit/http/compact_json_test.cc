#include "bridge/http/compact_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

using testing::HasSubstr;

TEST(CompactJsonTest, TakesTheSpaceBetweenTokensAndNothingElse) {
  const struct {
    absl::string_view from, to;
  } kRows[] = {
      {"null", "null"},
      {" \t\r\n true \n", "true"},
      {"{}", "{}"},
      {"[ ]", "[]"},
      {"{ \"a\" : [ 1 , 2 ] ,\r\n \"b\" : { } }", R"({"a":[1,2],"b":{}})"},
      // Numbers keep their spelling, whatever a double makes of them.
      {"[1.0, 1e3, -0, 0.10, 1E+999, 12345678901234567890123]",
       "[1.0,1e3,-0,0.10,1E+999,12345678901234567890123]"},
      // So do escapes, and space within strings.
      {R"(" a\u0041 \/ \" \\ \ud800 ")", R"(" a\u0041 \/ \" \\ \ud800 ")"},
      {"\"\xE2\x80\xA8\x7F\xF0\x9F\x98\x80\"",
       "\"\xE2\x80\xA8\x7F\xF0\x9F\x98\x80\""},
      {R"({"a":1,"a":2,"":3})", R"({"a":1,"a":2,"":3})"},
  };
  for (const auto& row : kRows) {
    const auto json = CompactJson(row.from);
    ASSERT_TRUE(json.ok()) << row.from << json.status();
    EXPECT_EQ(*json, row.to);
  }
}

TEST(CompactJsonTest, RefusesWhatIsNoJson) {
  for (absl::string_view text : {"",
                                 " ",
                                 "[",
                                 "]",
                                 "{",
                                 "}",
                                 "[1,]",
                                 "[,1]",
                                 "[1 2]",
                                 "[1}",
                                 "{]",
                                 "{\"a\"}",
                                 "{\"a\":}",
                                 "{\"a\":1,}",
                                 "{\"a\" 1}",
                                 "{a:1}",
                                 "{1:1}",
                                 "{'a':1}",
                                 "1 2",
                                 "[] []",
                                 "01",
                                 "-",
                                 "+1",
                                 ".5",
                                 "1.",
                                 "1.e1",
                                 "1e",
                                 "1e+",
                                 "0x1",
                                 "NaN",
                                 "Infinity",
                                 "-Infinity",
                                 "True",
                                 "nul",
                                 "nulll",
                                 "truefalse",
                                 "undefined",
                                 "\"",
                                 "\"a",
                                 "\"\\\"",
                                 "\"\\x\"",
                                 "\"\\u12\"",
                                 "\"\\u12G4\"",
                                 "\"\\",
                                 "\"a\nb\"",
                                 "\"a\tb\"",
                                 "'a'",
                                 "// a\n1",
                                 "/**/1",
                                 "1//",
                                 "\xEF\xBB\xBF{}",
                                 "\xFF",
                                 "\"\xED\xA0\x80\"",
                                 "\"\xC0\x80\"",
                                 "[1,\f2]",
                                 "\v1",
                                 "\xC2\xA0"
                                 "1"}) {
    EXPECT_EQ(CompactJson(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
  EXPECT_FALSE(CompactJson(absl::string_view("\"\0\"", 3)).ok());
  EXPECT_FALSE(CompactJson(absl::string_view("1\0", 2)).ok());
}

TEST(CompactJsonTest, SaysWhereItGoesWrong) {
  EXPECT_THAT(std::string(CompactJson("[1, x]").status().message()),
              HasSubstr("byte 4"));
  EXPECT_THAT(std::string(CompactJson("[1").status().message()),
              HasSubstr("byte 2"));
}

TEST(CompactJsonTest, GoesAsDeepAsItSaysAndNoDeeper) {
  const auto nested = [](size_t depth, absl::string_view open,
                         absl::string_view close) {
    std::string json;
    for (size_t i = 0; i < depth; ++i) absl::StrAppend(&json, open);
    json += '1';
    for (size_t i = 0; i < depth; ++i) absl::StrAppend(&json, close);
    return json;
  };
  EXPECT_TRUE(CompactJson(nested(kMaxJsonDepth, "[", "]")).ok());
  EXPECT_TRUE(CompactJson(nested(kMaxJsonDepth, "{\"a\":", "}")).ok());
  EXPECT_FALSE(CompactJson(nested(kMaxJsonDepth + 1, "[", "]")).ok());
  EXPECT_THAT(std::string(CompactJson(nested(kMaxJsonDepth + 1, "{\"a\":", "}"))
                              .status()
                              .message()),
              HasSubstr("100 deep"));
  EXPECT_FALSE(CompactJson(std::string(1 << 20, '[')).ok());
  // Width is no depth.
  std::string wide = "[[]";
  for (int i = 0; i < 1000; ++i) wide += ",[],{}";
  EXPECT_TRUE(CompactJson(wide + "]").ok());
}

}  // namespace
}  // namespace sluice
