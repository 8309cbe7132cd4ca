#include "bridge/grpc/payload.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "bridge/grpc/status_detail.h"

namespace sluice {
namespace {

using google::protobuf::NULL_VALUE;
using google::protobuf::Value;
using testing::HasSubstr;

EventDraft Draft(v1::Event event) {
  auto draft = ToDraft(event, MessageTypes::WellKnown().get());
  EXPECT_TRUE(draft.ok()) << draft.status();
  return draft.ok() ? *draft : EventDraft();
}

// The field that the error is at, or how the event was taken after all.
std::string RefusedField(v1::Event event) {
  const auto draft = ToDraft(event, MessageTypes::WellKnown().get());
  if (draft.ok()) return "taken";
  EXPECT_EQ(draft.status().code(), absl::StatusCode::kInvalidArgument);
  return FieldOf(draft.status());
}

v1::Event Text(const std::string& text) {
  v1::Event event;
  event.set_text(text);
  return event;
}

v1::Event Json(const Value& value) {
  v1::Event event;
  *event.mutable_json() = value;
  return event;
}

v1::Event Retry(int64_t seconds, int32_t nanos) {
  v1::Event event;
  event.mutable_retry()->set_seconds(seconds);
  event.mutable_retry()->set_nanos(nanos);
  return event;
}

Value Number(double number) {
  Value value;
  value.set_number_value(number);
  return value;
}

Value String(const std::string& string) {
  Value value;
  value.set_string_value(string);
  return value;
}

TEST(Payload, TextGoesThroughWithItsLineBreaksMadeLf) {
  const EventDraft draft = Draft(Text("a\r\nb\rc\nd"));
  EXPECT_EQ(draft.data, "a\nb\nc\nd");
  EXPECT_FALSE(draft.json);
}

TEST(Payload, NoPayloadIsAnEmptyText) {
  v1::Event event;
  event.set_id("a/1");
  event.set_type("tick");
  const EventDraft draft = Draft(event);
  EXPECT_EQ(draft.id, "a/1");
  EXPECT_EQ(draft.type, "tick");
  EXPECT_EQ(draft.data, "");
  EXPECT_EQ(draft.retry_ms, 0u);
  EXPECT_FALSE(draft.json);
}

TEST(Payload, TextThatCannotBeSentIsRefused) {
  EXPECT_EQ(RefusedField(Text(std::string("a\0b", 3))), "text");
  EXPECT_EQ(RefusedField(Text("[DONE]")), "text");
  EXPECT_EQ(RefusedField(Text("\xff")), "text");
  EXPECT_EQ(RefusedField(Text("[DONE] ")), "taken");
}

TEST(Payload, JsonIsCompactAndOnOneLine) {
  Value value;
  auto& fields = *value.mutable_struct_value()->mutable_fields();
  fields["b"] = Number(1.5);
  fields["a"] = String("x\ny\r\nz");
  fields["c"].mutable_list_value()->add_values()->set_bool_value(true);
  fields["c"].mutable_list_value()->add_values()->set_null_value(NULL_VALUE);
  fields["d\n"].mutable_struct_value();
  const EventDraft draft = Draft(Json(value));
  EXPECT_TRUE(draft.json);
  EXPECT_EQ(draft.data,
            R"({"a":"x\ny\u000d\nz","b":1.5,"c":[true,null],"d\n":{}})");
}

TEST(Payload, JsonCarriesEveryControlCharacterEscaped) {
  for (char c = 0; c < 0x20; ++c) {
    const EventDraft draft = Draft(Json(String(std::string(1, c))));
    EXPECT_EQ(draft.data.find_first_of(std::string("\r\n\0", 3)),
              std::string::npos)
        << static_cast<int>(c);
  }
  EXPECT_EQ(Draft(Json(String(std::string("a\0b", 3)))).data, R"("a\u0000b")");
}

TEST(Payload, JsonNumbersKeepTheirValue) {
  EXPECT_EQ(Draft(Json(Number(5))).data, "5");
  EXPECT_EQ(Draft(Json(Number(0))).data, "0");
  EXPECT_EQ(Draft(Json(Number(-0.0))).data, "-0");
  EXPECT_EQ(Draft(Json(Number(0.1))).data, "0.1");
  EXPECT_EQ(Draft(Json(Number(-100000))).data, "-100000");
  EXPECT_EQ(Draft(Json(Number(9007199254740991))).data, "9007199254740991");
  EXPECT_EQ(Draft(Json(Number(9007199254740992))).data, "9007199254740992");
  EXPECT_EQ(Draft(Json(Number(1e300))).data, "1e+300");
  EXPECT_EQ(Draft(Json(Number(0.30000000000000004))).data,
            "0.30000000000000004");
}

TEST(Payload, JsonLeavesTextAsItIs) {
  EXPECT_EQ(Draft(Json(String("é😀</a>\xe2\x80\xa8\"\\"))).data,
            "\"é😀</a>\xe2\x80\xa8\\\"\\\\\"");
}

TEST(Payload, EmptyJsonContainersAreEmpty) {
  Value value;
  value.mutable_list_value();
  EXPECT_EQ(Draft(Json(value)).data, "[]");
  value.mutable_struct_value();
  EXPECT_EQ(Draft(Json(value)).data, "{}");
}

TEST(Payload, JsonStringThatReadsDoneIsNotTheEnd) {
  EXPECT_EQ(Draft(Json(String("[DONE]"))).data, R"("[DONE]")");
}

TEST(Payload, WhatJsonCannotSayIsRefused) {
  EXPECT_EQ(RefusedField(Json(Number(NAN))), "json");
  EXPECT_EQ(RefusedField(Json(Number(INFINITY))), "json");
  EXPECT_EQ(RefusedField(Json(Number(-INFINITY))), "json");
  EXPECT_EQ(RefusedField(Json(Value())), "json");

  Value inside;
  inside.mutable_list_value()->add_values();
  EXPECT_EQ(RefusedField(Json(inside)), "json");
  Value deep;
  (*deep.mutable_struct_value()->mutable_fields())["x"] = Number(NAN);
  EXPECT_EQ(RefusedField(Json(deep)), "json");
}

TEST(Payload, MessageOfAnUnknownTypeIsRefusedByName) {
  v1::Event event;
  event.mutable_message()->set_type_url("type.googleapis.com/shop.v1.Order");
  const auto draft = ToDraft(event, MessageTypes::WellKnown().get());
  EXPECT_EQ(FieldOf(draft.status()), "message");
  EXPECT_THAT(std::string(draft.status().message()),
              HasSubstr("`shop.v1.Order`"));
}

TEST(Payload, IdThatReadersCouldNotSendBackIsRefused) {
  v1::Event event;
  for (const char* id : {"a b", "é", "a\n", "abcdefghijklm-1"}) {
    event.set_id(id);
    EXPECT_EQ(RefusedField(event), "id") << id;
  }
  event.set_id(std::string(129, 'a'));
  EXPECT_EQ(RefusedField(event), "id");
}

TEST(Payload, TypeThatIsNotTheProducersIsRefused) {
  v1::Event event;
  for (const char* type : {"open", "sluice.gap", "a\nb", "a\xc2\x85"}) {
    event.set_type(type);
    EXPECT_EQ(RefusedField(event), "type") << type;
  }
  event.set_type("error");
  EXPECT_EQ(RefusedField(event), "taken");
}

TEST(Payload, RetryIsInMillisecondsAndInBounds) {
  EXPECT_EQ(Draft(Retry(1, 500000000)).retry_ms, 1500u);
  EXPECT_EQ(Draft(Retry(0, 100000000)).retry_ms, 100u);
  EXPECT_EQ(Draft(Retry(86400, 0)).retry_ms, 86400000u);
  EXPECT_EQ(RefusedField(Retry(0, 0)), "retry");
  EXPECT_EQ(RefusedField(Retry(0, 99999999)), "retry");
  EXPECT_EQ(RefusedField(Retry(86400, 1)), "retry");
  EXPECT_EQ(RefusedField(Retry(-1, 0)), "retry");
  EXPECT_EQ(RefusedField(Retry(1, -1)), "retry");
  EXPECT_EQ(RefusedField(Retry(0, 1000000000)), "retry");
  EXPECT_EQ(RefusedField(Retry(std::numeric_limits<int64_t>::max(), 0)),
            "retry");
}

TEST(Payload, EndWithoutAnErrorCompletes) {
  const auto end = ToEnd(v1::End());
  ASSERT_TRUE(end.ok());
  EXPECT_FALSE(end->failure.has_value());
}

TEST(Payload, EndWithAnErrorFails) {
  v1::End proto;
  proto.mutable_error()->set_code(13);
  proto.mutable_error()->set_message("out of tokens");
  const auto end = ToEnd(proto);
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->failure, (Failure{13, "out of tokens"}));
}

TEST(Payload, EndsErrorHasACodeOfGrpcsAndAMessageInUtf8) {
  v1::End proto;
  for (const int code : {0, -1, 17}) {
    proto.mutable_error()->set_code(code);
    EXPECT_EQ(FieldOf(ToEnd(proto).status()), "error.code") << code;
  }
  proto.mutable_error()->set_code(1);
  proto.mutable_error()->set_message("\xff");
  EXPECT_EQ(FieldOf(ToEnd(proto).status()), "error.message");
}

}  // namespace
}  // namespace sluice
