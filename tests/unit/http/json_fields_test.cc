#include "bridge/http/json_fields.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

// What is said of `body` if `value` is read from its field `oneField`.
template <typename T>
std::string Read(absl::string_view body, T& value) {
  auto fields = JsonFields::Parse(body);
  if (!fields.ok()) return std::string(fields.status().message());
  fields->Take("oneField", value);
  return std::string(fields->Done().message());
}

template <typename T>
std::string ReadValue(absl::string_view json, T& value) {
  return Read(absl::StrCat("{\"oneField\":", json, "}"), value);
}

TEST(JsonFieldsTest, AFieldHasTwoNamesAndNullIsNone) {
  std::string text = "default";
  EXPECT_EQ(Read("", text), "");
  EXPECT_EQ(Read("{}", text), "");
  EXPECT_EQ(Read(R"({"oneField":null})", text), "");
  EXPECT_EQ(Read(R"({"one_field":null})", text), "");
  EXPECT_EQ(text, "default");
  EXPECT_EQ(Read(R"( {"oneField" : "a\u00e9"} )", text), "");
  EXPECT_EQ(text, "a\xC3\xA9");
  EXPECT_EQ(Read(R"({"one_field":"b"})", text), "");
  EXPECT_EQ(text, "b");
}

TEST(JsonFieldsTest, WhatIsWrongIsToldWithItsField) {
  std::string text;
  EXPECT_EQ(Read(R"({"oneField":1})", text), "oneField: must be a string");
  EXPECT_EQ(Read(R"({"one_field":{}})", text), "one_field: must be a string");
  EXPECT_EQ(Read(R"({"onefield":""})", text),
            "onefield: there is no such field");
  EXPECT_EQ(Read(R"({"oneField":"a","one_field":"b"})", text),
            "oneField: is there more than once");
  EXPECT_EQ(Read(R"({"oneField":"a","oneField":"a"})", text),
            "oneField: is there more than once");
  EXPECT_EQ(Read(R"({"oneField":"a","one\u0046ield":"a"})", text),
            "oneField: is there more than once");
  EXPECT_EQ(Read("[]", text), "the body: must be a JSON object");
  EXPECT_EQ(Read("null", text), "the body: must be a JSON object");
  EXPECT_EQ(Read("{", text), "the body: is not JSON, as its byte 1 shows");
  EXPECT_EQ(Read("a=b", text), "the body: is not JSON, as its byte 0 shows");
  for (const char* odd :
       {R"({"oneField":1e999})", R"({"oneField":"\udc00"})"}) {
    EXPECT_EQ(Read(odd, text),
              "the body: has a number that is too large, or half a surrogate "
              "pair");
  }
  EXPECT_EQ(Read(absl::StrCat("{\"", std::string(5000, 'x'), "\":1}"), text),
            absl::StrCat(std::string(64, 'x'), ": there is no such field"));
}

TEST(JsonFieldsTest, TheFirstErrorIsTold) {
  auto fields = JsonFields::Parse(R"({"a":1,"b":2,"c":3})");
  std::string text;
  fields->Take("b", text);
  fields->Take("a", text);
  EXPECT_EQ(fields->Done().message(), "b: must be a string");
}

TEST(JsonFieldsTest, AnObjectsFieldsAreToldWithItsName) {
  const auto read = [](absl::string_view body) {
    auto fields = JsonFields::Parse(body);
    fields->TakeObject("outer", [](JsonFields inner) {
      bool flag;
      inner.Take("flag", flag);
      return inner.Done();
    });
    return std::string(fields->Done().message());
  };
  EXPECT_EQ(read("{}"), "");
  EXPECT_EQ(read(R"({"outer":null})"), "");
  EXPECT_EQ(read(R"({"outer":{}})"), "");
  EXPECT_EQ(read(R"({"outer":{"flag":true}})"), "");
  EXPECT_EQ(read(R"({"outer":[]})"), "outer: must be an object");
  EXPECT_EQ(read(R"({"outer":{"flag":1}})"),
            "outer.flag: must be true or false");
  EXPECT_EQ(read(R"({"outer":{"flog":true}})"),
            "outer.flog: there is no such field");
}

TEST(JsonFieldsTest, ABooleanIsTrueOrFalse) {
  bool flag = false;
  EXPECT_EQ(ReadValue("true", flag), "");
  EXPECT_TRUE(flag);
  for (const char* other : {"1", "\"true\"", "[]"})
    EXPECT_EQ(ReadValue(other, flag), "oneField: must be true or false");
}

TEST(JsonFieldsTest, ANumberIsANumberOrAString) {
  const struct {
    const char* json;
    uint64_t value;
  } kRows[] = {{"0", 0},
               {"7", 7},
               {"1e3", 1000},
               {"2.0", 2},
               {"\"7\"", 7},
               {"\"18446744073709551615\"", UINT64_MAX},
               {"18446744073709551615", UINT64_MAX}};
  for (const auto& row : kRows) {
    uint64_t value = 5;
    EXPECT_EQ(ReadValue(row.json, value), "") << row.json;
    EXPECT_EQ(value, row.value);
  }
  for (const char* other :
       {"-1", "1.5", "18446744073709551616", "1e300", "true", "\"\"", "\" 1\"",
        "\"+1\"", "\"-1\"", "\"1.0\"", "\"0x1\"", "\"18446744073709551616\"",
        "[1]"}) {
    uint64_t value = 5;
    EXPECT_EQ(ReadValue(other, value),
              "oneField: must be a whole number of 64 bits, or a string of its "
              "digits")
        << other;
    EXPECT_EQ(value, 5u);
  }
}

TEST(JsonFieldsTest, ADurationIsSecondsWithAnS) {
  const struct {
    const char* json;
    absl::Duration value;
  } kRows[] = {{"\"0s\"", absl::ZeroDuration()},
               {"\"3600s\"", absl::Hours(1)},
               {"\"1.5s\"", absl::Milliseconds(1500)},
               {"\"1.000000001s\"", absl::Seconds(1) + absl::Nanoseconds(1)},
               {"\"-1.5s\"", absl::Milliseconds(-1500)},
               {"\"315576000000s\"", absl::Seconds(315576000000)}};
  for (const auto& row : kRows) {
    absl::Duration value = absl::Seconds(5);
    EXPECT_EQ(ReadValue(row.json, value), "") << row.json;
    EXPECT_EQ(value, row.value);
  }
  absl::Duration value;
  EXPECT_EQ(ReadValue("\"315576000001s\"", value),
            "oneField: must be at most 10,000 years");
  for (const char* other :
       {"1", "\"\"", "\"s\"", "\"-s\"", "\"1\"", "\"1m\"", "\"1h\"", "\"1ss\"",
        "\"1.s\"", "\".5s\"", "\"1.0000000001s\"", "\"+1s\"", "\"1e3s\"",
        "\" 1s\"", "\"1 s\"", "\"1..5s\"", "\"--1s\"",
        "\"9223372036854775808s\"", "{}"}) {
    EXPECT_EQ(ReadValue(other, value),
              "oneField: must be a string of seconds, like \"3600s\" or "
              "\"1.5s\"")
        << other;
  }
}

}  // namespace
}  // namespace sluice
