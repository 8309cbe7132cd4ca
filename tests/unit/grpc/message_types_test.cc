#include "bridge/grpc/message_types.h"

#include <gmock/gmock.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <thread>
#include <vector>

#include "bridge/grpc/descriptor_set.h"
#include "legacy.pb.h"
#include "payloads.pb.h"

namespace sluice {
namespace {

using google::protobuf::Any;
using testing::HasSubstr;

const MessageTypes& Types() {
  static const auto* const types = [] {
    const auto bytes = ReadDescriptorSet(SLUICE_TEST_SETS "/payloads.pb");
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    auto loaded = MessageTypes::FromSet(*bytes);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return new std::shared_ptr<const MessageTypes>(*std::move(loaded));
  }();
  return **types;
}

Any Pack(const google::protobuf::Message& message) {
  Any any;
  any.PackFrom(message);
  return any;
}

Any Bytes(const std::string& name, const std::string& bytes) {
  Any any;
  any.set_type_url("/" + name);
  any.set_value(bytes);
  return any;
}

template <typename Message>
Any Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message))
      << text;
  return Pack(message);
}

std::string Json(const Any& any, const MessageTypes& types = Types()) {
  const auto json = types.ToJson(any);
  EXPECT_TRUE(json.ok()) << json.status();
  return json.value_or("");
}

// The sentence of the refusal, or how it was taken after all.
std::string Refusal(const Any& any, const MessageTypes& types = Types()) {
  const auto json = types.ToJson(any);
  if (json.ok()) return "taken: " + *json;
  EXPECT_EQ(json.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(json.status().message());
}

struct Row {
  const char* text;
  const char* json;
};

TEST(MessageTypes, ScalarsAreWrittenByTheirKind) {
  for (const Row& row : {
           Row{"", "{}"},
           Row{"i32: -5", R"({"i32":-5})"},
           Row{"i64: 9007199254740993", R"({"i64":"9007199254740993"})"},
           Row{"u64: 18446744073709551615",
               R"({"u64":"18446744073709551615"})"},
           Row{"s64: -1 f64: 1 sf64: -1",
               R"({"s64":"-1","f64":"1","sf64":"-1"})"},
           Row{"u32: 4294967295", R"({"u32":4294967295})"},
           Row{"single: 0.1", R"({"single":0.1})"},
           Row{"twice: 0.1", R"({"twice":0.1})"},
           Row{"twice: -0", R"({"twice":-0})"},
           Row{"twice: nan", R"({"twice":"NaN"})"},
           Row{"twice: inf", R"({"twice":"Infinity"})"},
           Row{"single: -inf", R"({"single":"-Infinity"})"},
           Row{"yes: true", R"({"yes":true})"},
           Row{"text: 'a\\n\\000'", R"({"text":"a\n\u0000"})"},
           Row{"raw: '\\377\\376'", R"({"raw":"//4="})"},
           Row{"color: COLOR_RED", R"({"color":"COLOR_RED"})"},
           Row{"color: 7", R"({"color":7})"},
       }) {
    EXPECT_EQ(Json(Parse<test::Scalars>(row.text)), row.json) << row.text;
  }
}

TEST(MessageTypes, FieldsHaveTheirJsonNames) {
  EXPECT_EQ(Json(Parse<test::Names>("snake_case_name: 1 camelCase: 2 renamed: "
                                    "3")),
            "{\"snakeCaseName\":1,\"camelCase\":2,\"@ \\\"odd\\\" größe\":3}");
}

TEST(MessageTypes, WhatIsSetToNothingIsThereAndWhatIsNotSetIsNot) {
  EXPECT_EQ(Json(Parse<test::Optionals>("")), "{}");
  EXPECT_EQ(Json(Parse<test::Optionals>("i32: 0 i64: 0 text: '' yes: false")),
            R"({"i32":0,"i64":"0","yes":false,"text":""})");
  EXPECT_EQ(Json(Parse<test::Choice>("number: 0")), R"({"number":"0"})");
  EXPECT_EQ(Json(Parse<test::Choice>("nothing: NULL_VALUE")),
            R"({"nothing":null})");
}

TEST(MessageTypes, MapsAreObjectsWithTheirKeysInOrder) {
  EXPECT_EQ(
      Json(Parse<test::Maps>("by_i64 { key: 3 value: 'c' } by_i64 { key: -1 "
                             "value: 'a' } by_i64 { key: 2 value: 'b' }")),
      R"({"byI64":{"-1":"a","2":"b","3":"c"}})");
  EXPECT_EQ(Json(Parse<test::Maps>("by_bool { key: true value: 'x' }")),
            R"({"byBool":{"true":"x"}})");
  const std::string anys = Json(Parse<test::Maps>(
      "any { key: 'b' value {} } any { key: 'a' value {} } any { key: 'c' "
      "value { [type.googleapis.com/sluice.test.Tree] {} } }"));
  EXPECT_EQ(
      anys,
      R"({"any":{"a":{},"b":{},"c":{"@type":"type.googleapis.com/sluice.test.Tree"}}})");
}

TEST(MessageTypes, WellKnownTypesAreThereWithoutASet) {
  const auto types = MessageTypes::WellKnown();
  const auto json = [&](const Any& any) { return Json(any, *types); };
  using google::protobuf::Duration;
  EXPECT_EQ(json(Parse<google::protobuf::Timestamp>("seconds: 1 nanos: 5000")),
            R"("1970-01-01T00:00:01.000005Z")");
  EXPECT_EQ(json(Parse<Duration>("nanos: -500000000")), R"("-0.500s")");
  EXPECT_EQ(json(Parse<google::protobuf::Int64Value>("value: 5")), R"("5")");
  EXPECT_EQ(json(Parse<google::protobuf::FieldMask>("paths: 'a_b.c'")),
            R"("aB.c")");
  EXPECT_EQ(json(Parse<google::protobuf::Value>("null_value: NULL_VALUE")),
            "null");
  EXPECT_EQ(json(Parse<google::protobuf::Struct>("")), "{}");
  EXPECT_EQ(json(Parse<google::protobuf::ListValue>("")), "[]");
  EXPECT_EQ(json(Bytes("google.protobuf.Empty", "")), "{}");
  EXPECT_EQ(json(Pack(Parse<Duration>("seconds: 1"))),
            R"({"@type":"type.googleapis.com/google.protobuf.Duration",)"
            R"("value":"1s"})");
  EXPECT_THAT(Refusal(Parse<test::Tree>(""), *types),
              HasSubstr("`sluice.test.Tree`"));
}

TEST(MessageTypes, AnAnyOfAWellKnownTypeHasItsValueEvenIfThatIsNothing) {
  for (const Row& row :
       {Row{"Struct", "{}"}, Row{"ListValue", "[]"}, Row{"Int32Value", "0"},
        Row{"UInt32Value", "0"}, Row{"Int64Value", R"("0")"},
        Row{"UInt64Value", R"("0")"}, Row{"DoubleValue", "0"},
        Row{"FloatValue", "0"}, Row{"BoolValue", "false"},
        Row{"StringValue", R"("")"}, Row{"BytesValue", R"("")"},
        Row{"Duration", R"("0s")"}, Row{"FieldMask", R"("")"},
        Row{"Timestamp", R"("1970-01-01T00:00:00Z")"}, Row{"Any", "{}"}}) {
    const std::string name = std::string("google.protobuf.") + row.text;
    EXPECT_EQ(Json(Pack(Bytes(name, ""))),
              "{\"@type\":\"/" + name + "\",\"value\":" + row.json + "}");
  }
  // A message without fields has JSON like any other.
  EXPECT_EQ(Json(Pack(Bytes("google.protobuf.Empty", ""))),
            R"({"@type":"/google.protobuf.Empty"})");
}

TEST(MessageTypes, OnlyTheNameBehindTheLastSlashOfAUrlCounts) {
  Any any;
  for (const char* url : {"sluice.test.Tree", "/sluice.test.Tree",
                          "a/b/c/sluice.test.Tree", "//sluice.test.Tree"}) {
    any.set_type_url(url);
    EXPECT_EQ(Json(any), "{}") << url;
    // Inside of another it is told as it is.
    EXPECT_EQ(Json(Pack(any)), std::string("{\"@type\":\"") + url + "\"}");
  }
}

TEST(MessageTypes, WhatIsThereTwiceIsThereOnce) {
  EXPECT_EQ(Json(Bytes("sluice.test.Scalars", "\x08\x01\x08\x02")),
            R"({"i32":2})");
  EXPECT_EQ(Json(Bytes("sluice.test.Choice",
                       "\x0a\x01"
                       "a\x10\x02")),
            R"({"number":"2"})");
  EXPECT_EQ(Json(Bytes("google.protobuf.Any",
                       std::string("\x0a\x14/sluice.test.Scalars"
                                   "\x12\x04\x08\x01\x08\x02"))),
            R"({"@type":"/sluice.test.Scalars","i32":2})");
}

TEST(MessageTypes, UnknownFieldsAreLeftOut) {
  EXPECT_EQ(Json(Bytes("sluice.test.Tree",
                       "\xa0\x06\x01\x0a\x01"
                       "a")),
            R"({"name":"a"})");
}

TEST(MessageTypes, WhatCannotBeReadIsRefusedByItsType) {
  EXPECT_THAT(Refusal(Bytes("shop.v1.Order", "")),
              HasSubstr("`shop.v1.Order`"));
  EXPECT_THAT(Refusal(Bytes("", "")), HasSubstr("``"));
  // An enum is no message.
  EXPECT_THAT(Refusal(Bytes("sluice.test.Color", "")), HasSubstr("not in the"));
  for (const char* bytes : {"\x0a\x05x", "\x0a\x01\xff", "\x0c", "\x0b"}) {
    EXPECT_THAT(Refusal(Bytes("sluice.test.Tree", bytes)),
                HasSubstr("`sluice.test.Tree`"));
  }
  EXPECT_THAT(Refusal(Bytes("sluice.test.Legacy", "")),
              HasSubstr("`sluice.test.Legacy`"));
}

TEST(MessageTypes, WhatJsonCannotSayIsRefusedByItsType) {
  EXPECT_THAT(Refusal(Parse<test::WellKnown>("value {}")),
              HasSubstr("`google.protobuf.Value`"));
  EXPECT_THAT(Refusal(Parse<test::WellKnown>("list { values { number_value: "
                                             "nan } }")),
              HasSubstr("`google.protobuf.Value`"));
  EXPECT_THAT(Refusal(Parse<test::WellKnown>("mask { paths: 'aB' }")),
              HasSubstr("`google.protobuf.FieldMask`"));
  EXPECT_THAT(Refusal(Parse<test::WellKnown>("mask { paths: 'a_2' }")),
              HasSubstr("snake_case"));
  EXPECT_THAT(Refusal(Parse<test::WellKnown>("span { seconds: 1 nanos: -1 }")),
              HasSubstr("`google.protobuf.Duration`"));
  for (const char* out :
       {"time { seconds: 253402300800 }", "time { nanos: -1 }",
        "time { nanos: 1000000000 }", "span { seconds: 315576000001 }"}) {
    EXPECT_THAT(Refusal(Parse<test::WellKnown>(out)),
                HasSubstr("`sluice.test.WellKnown` cannot be written as JSON"))
        << out;
  }
}

TEST(MessageTypes, AWholePayloadThatJsonCannotSayIsRefusedByItsType) {
  // No space at the end: as an HTTP/2 header it would be malformed.
  EXPECT_EQ(Refusal(Parse<google::protobuf::Timestamp>("nanos: -1")),
            "the message of type `google.protobuf.Timestamp` cannot be written "
            "as JSON (Timestamp nanos exceeds limit)");
}

TEST(MessageTypes, TheOlderSyntaxIsReadButForGroupsAndExtensions) {
  EXPECT_EQ(Json(Parse<test::Legacy>("id: 0")), R"({"id":0})");
  EXPECT_EQ(Json(Parse<test::Legacy>("id: 1 name: 'nobody' tags: ''")),
            R"({"id":1,"name":"nobody","tags":[""]})");
  EXPECT_THAT(Refusal(Bytes("sluice.test.Legacy", "\x08\x01\x1a\x01\xff")),
              HasSubstr("`tags` that is not UTF-8"));
  EXPECT_THAT(Refusal(Parse<test::Legacy>("id: 1 Pair { left: 1 }")),
              HasSubstr("group"));
  EXPECT_THAT(Refusal(Parse<test::Legacy>("id: 1 [sluice.test.nickname]: 'x'")),
              HasSubstr("`sluice.test.nickname`"));
}

TEST(MessageTypes, AnAnyInsideMustBeKnownAndReadable) {
  test::WellKnown outer;
  *outer.mutable_any() = Bytes("a.B", "");
  EXPECT_THAT(Refusal(Pack(outer)), HasSubstr("`a.B`"));
  *outer.mutable_any() = Bytes("sluice.test.Tree", "\x0a\x01\xff");
  EXPECT_THAT(Refusal(Pack(outer)), HasSubstr("`sluice.test.Tree`"));
  *outer.mutable_any() = Bytes("", "x");
  EXPECT_THAT(Refusal(Pack(outer)), HasSubstr("``"));
  outer.mutable_any()->Clear();
  EXPECT_EQ(Json(Pack(outer)), R"({"any":{}})");
}

TEST(MessageTypes, MessagesNestDeepButNotWithoutEnd) {
  const auto tree = [](int levels) {
    test::Tree root;
    test::Tree* tree = &root;
    for (int i = 1; i < levels; ++i) tree = tree->add_children();
    return Pack(root);
  };
  EXPECT_THAT(Json(tree(50)), HasSubstr("children"));
  EXPECT_THAT(Refusal(tree(70)), HasSubstr("nests"));
  EXPECT_THAT(Refusal(tree(1000)), HasSubstr("nests"));

  Any any;
  for (int i = 0; i < 40; ++i) any = Pack(any);
  EXPECT_THAT(Json(any), HasSubstr("@type"));
  for (int i = 0; i < 2000; ++i) any = Pack(any);
  EXPECT_THAT(Refusal(any), HasSubstr("nests"));
}

TEST(MessageTypes, AMessageHasAMostOfMessagesInIt) {
  test::Tree tree;
  for (int i = 0; i < 199999; ++i) tree.add_children();
  EXPECT_TRUE(Types().ToJson(Pack(tree)).ok());
  tree.add_children();
  EXPECT_EQ(Types().ToJson(Pack(tree)).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(MessageTypes, UnknownFieldsOfWellKnownTypesMeanNothing) {
  const std::string unknown = "\xa0\x06\x05";
  EXPECT_EQ(Json(Bytes("google.protobuf.Int64Value", unknown)), R"("0")");
  EXPECT_EQ(Json(Bytes("google.protobuf.FieldMask", unknown)), R"("")");
  EXPECT_EQ(Json(Bytes("google.protobuf.Any", unknown)), "{}");
}

TEST(MessageTypes, ManyThreadsMayAsk) {
  const Any any = Parse<test::WellKnown>(
      "time { seconds: 1 } any { [type.googleapis.com/sluice.test.Maps] { text "
      "{ key: 'a' value: 'b' } } }");
  const auto bytes = ReadDescriptorSet(SLUICE_TEST_SETS "/payloads.pb");
  const auto types = *MessageTypes::FromSet(*bytes);
  std::vector<std::string> json(8);
  std::vector<std::thread> threads;
  for (std::string& one : json) {
    threads.emplace_back([&one, &any, &types] {
      for (int i = 0; i < 50; ++i) one = types->ToJson(any).value_or("refused");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(json, testing::Each(json.front()));
  EXPECT_EQ(json.front(), Json(any));
}

}  // namespace
}  // namespace sluice
