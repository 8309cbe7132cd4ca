#include "sluice/internal/utf8.h"

#include <gtest/gtest.h>

#include <string>

#include "sluice/event.h"

namespace sluice::internal {
namespace {

TEST(Utf8Test, WhatIsNotUtf8IsReplaced) {
  const std::string bad = "\xEF\xBF\xBD";
  const std::pair<std::string, std::string> rows[] = {
      {"", ""},
      {"plain", "plain"},
      {"Gr\u00fc\u00dfe \u4e16 \U0001F600",
       "Gr\u00fc\u00dfe \u4e16 \U0001F600"},
      {"\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF",
       "\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF"},
      {"a\xFF\xFE"
       "b\xC3",
       "a" + bad + "b" + bad},
      {"\xC0\x80", bad},          // overlong
      {"\xE0\x9F\xBF", bad},      // overlong
      {"\xED\xA0\x80", bad},      // a surrogate
      {"\xF4\x90\x80\x80", bad},  // above U+10FFFF
      {"\xF0\x8F\xBF\xBF", bad},  // overlong
      {"\xE4\xB8!", bad + "!"},   // cut short
  };
  for (const auto& [text, valid] : rows) EXPECT_EQ(ToValidUtf8(text), valid);
}

TEST(Utf8Test, EveryStringOfAnEventIsChecked) {
  Event event = Text("x");
  event.set_id("i");
  event.set_type("t");
  EXPECT_TRUE(CheckEvent(event).ok());
  event.set_id("\xFF");
  EXPECT_EQ(CheckEvent(event).message(), "the event's id is not UTF-8");
  event.set_id("i");
  event.set_type("\xFF");
  EXPECT_EQ(CheckEvent(event).message(), "the event's type is not UTF-8");
  EXPECT_EQ(CheckEvent(Text("\xFF")).message(),
            "the event's text is not UTF-8");
  event = Event();
  event.mutable_message()->set_type_url("\xFF");
  EXPECT_EQ(CheckEvent(event).message(), "the event's type URL is not UTF-8");
}

TEST(Utf8Test, JsonIsCheckedToItsDepth) {
  Event event = *Json(R"({"a": [1, {"b": "c"}]})");
  EXPECT_TRUE(CheckEvent(event).ok());
  auto& fields =
      *event.mutable_json()->mutable_struct_value()->mutable_fields();
  auto& inner = *fields["a"]
                     .mutable_list_value()
                     ->mutable_values(1)
                     ->mutable_struct_value()
                     ->mutable_fields();
  inner["b"].set_string_value("\xFF");
  EXPECT_EQ(CheckEvent(event).code(), absl::StatusCode::kInvalidArgument);
  inner.clear();
  inner["\xFF"].set_bool_value(true);
  EXPECT_EQ(CheckEvent(event).code(), absl::StatusCode::kInvalidArgument);
}

TEST(EventTest, JsonIsParsed) {
  for (const char* bad : {"", "{", "[1,]x", "{\"a\":1} 2"}) {
    EXPECT_EQ(Json(bad).status().code(), absl::StatusCode::kInvalidArgument)
        << bad;
  }
  EXPECT_EQ(Json("[1]")->json().list_value().values(0).number_value(), 1);
}

}  // namespace
}  // namespace sluice::internal
