#include "bridge/grpc/request_parser.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include "bridge/grpc/status_detail.h"
#include "bridge/grpc/wire.h"
#include "sluice/v1/publisher_service.pb.h"

namespace sluice {
namespace {

using testing::HasSubstr;

constexpr size_t kMaxEventBytes = 64;

grpc::ByteBuffer Bytes(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

template <typename Message = v1::PublishRequest>
grpc::ByteBuffer Request(const std::string& text) {
  Message request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request))
      << text;
  return ToBytes(request);
}

struct BadRequest {
  const char* text;
  const char* field;
};

class BadRequestTest : public testing::TestWithParam<BadRequest> {};

TEST_P(BadRequestTest, IsRefusedAtItsField) {
  RequestParser parser(kMaxEventBytes);
  ASSERT_TRUE(parser.Parse(Request("topic: 'a'")).ok());
  ASSERT_TRUE(parser.Parse(Request("")).ok());
  const auto parsed = parser.Parse(Request(GetParam().text));
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(parsed.status()), GetParam().field);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, BadRequestTest,
    testing::Values(
        BadRequest{"topic: 'a b'", "requests[2].topic"},
        BadRequest{"topic: 'a.*'", "requests[2].topic"},
        BadRequest{"topic: '.a'", "requests[2].topic"},
        BadRequest{"topic: 'sluice.x'", "requests[2].topic"},
        BadRequest{"on_abort: 7", "requests[2].on_abort"},
        BadRequest{"events {} events { id: 'a b' }",
                   "requests[2].events[1].id"},
        BadRequest{"events { type: 'open' }", "requests[2].events[0].type"},
        BadRequest{"events { text: '[DONE]' }", "requests[2].events[0].text"},
        BadRequest{"events { text: 'a\\000' }", "requests[2].events[0].text"},
        BadRequest{"events { json {} }", "requests[2].events[0].json"},
        BadRequest{"events { json { number_value: nan } }",
                   "requests[2].events[0].json"},
        BadRequest{"events { message { type_url: 'x/a.B' } }",
                   "requests[2].events[0].message"},
        BadRequest{"events { retry {} }", "requests[2].events[0].retry"},
        BadRequest{"end { error {} }", "requests[2].end.error.code"},
        BadRequest{"end { error { code: 17 } }",
                   "requests[2].end.error.code"}));

TEST(RequestParser, TakesAWholeRequest) {
  RequestParser parser(kMaxEventBytes);
  const auto parsed = parser.Parse(Request(
      "topic: 'a.b' events { id: '1' text: 'x' } events { json { bool_value: "
      "true } } end { error { code: 3 message: 'm' } } on_abort: "
      "ON_ABORT_FAIL"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->append.topic, "a.b");
  ASSERT_EQ(parsed->append.events.size(), 2u);
  EXPECT_EQ(parsed->append.events[0].id, "1");
  EXPECT_EQ(parsed->append.events[1].data, "true");
  ASSERT_TRUE(parsed->append.end.has_value());
  EXPECT_EQ(parsed->append.end->failure, (Failure{3, "m"}));
  EXPECT_EQ(parsed->fail_on_abort, true);
  EXPECT_FALSE(parsed->append.lease.has_value());
}

TEST(RequestParser, TakesTheThreeRequestsAlike) {
  const std::string text = "topic: 'a' events { id: '1' text: 'x' }";
  for (const auto& bytes : {Request<v1::PublishRequest>(text),
                            Request<v1::PublishWithFeedbackRequest>(text),
                            Request<v1::PublishBatchRequest>(text)}) {
    const auto parsed = RequestParser(kMaxEventBytes).Parse(bytes);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->append.topic, "a");
    EXPECT_EQ(parsed->append.events.at(0).data, "x");
  }
}

TEST(RequestParser, EmptyTopicIsTheOneBefore) {
  RequestParser parser(kMaxEventBytes);
  EXPECT_EQ(parser.Parse(Request("topic: 'a'"))->append.topic, "a");
  EXPECT_EQ(parser.Parse(Request(""))->append.topic, "a");
  EXPECT_EQ(parser.Parse(Request("topic: 'b'"))->append.topic, "b");
  EXPECT_EQ(parser.Parse(Request("events {}"))->append.topic, "b");
}

TEST(RequestParser, FirstRequestNeedsATopic) {
  const auto parsed = RequestParser(kMaxEventBytes).Parse(Request("events {}"));
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(parsed.status()), "requests[0].topic");
}

TEST(RequestParser, OnAbortThatIsNotSetSaysNothing) {
  RequestParser parser(kMaxEventBytes);
  EXPECT_EQ(parser.Parse(Request("topic: 'a'"))->fail_on_abort, absl::nullopt);
  EXPECT_EQ(
      parser.Parse(Request("on_abort: ON_ABORT_KEEP_OPEN"))->fail_on_abort,
      false);
}

TEST(RequestParser, BytesThatAreNoRequestAreRefusedByNumber) {
  const std::string truncated =
      "\x0a\x05"
      "ab";
  const std::string group_end = "\x0c";
  const std::string bad_utf8_topic = "\x0a\x01\xff";
  const std::string bad_utf8_text = "\x12\x03\x1a\x01\xff";
  const std::string endless_varint(11, '\xff');
  for (const auto& bytes :
       {truncated, group_end, bad_utf8_topic, bad_utf8_text, endless_varint}) {
    RequestParser parser(kMaxEventBytes);
    ASSERT_TRUE(parser.Parse(Request("topic: 'a'")).ok());
    const auto parsed = parser.Parse(Bytes(bytes));
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FieldOf(parsed.status()), "requests[1]");
  }
}

TEST(RequestParser, JsonNestsDeepButNotWithoutEnd) {
  const auto nested = [](int levels) {
    v1::PublishRequest request;
    request.set_topic("a");
    auto* value = request.add_events()->mutable_json();
    for (int i = 0; i < levels; ++i) {
      auto& fields = *value->mutable_struct_value()->mutable_fields();
      value = &fields["x"];
    }
    value->set_bool_value(true);
    return ToBytes(request);
  };
  EXPECT_TRUE(RequestParser(1000).Parse(nested(30)).ok());
  EXPECT_EQ(FieldOf(RequestParser(1000).Parse(nested(1000)).status()),
            "requests[0]");
}

TEST(RequestParser, NoMessageAtAllIsRefused) {
  const auto parsed = RequestParser(kMaxEventBytes).Parse(grpc::ByteBuffer());
  EXPECT_EQ(FieldOf(parsed.status()), "requests[0]");
}

TEST(RequestParser, UnknownFieldsArePassedOver) {
  RequestParser parser(kMaxEventBytes);
  EXPECT_TRUE(parser
                  .Parse(Bytes("\x0a\x01"
                               "a\xa0\x06\x01"))
                  .ok());
}

TEST(RequestParser, ARequestInManySlicesIsOne) {
  const grpc::Slice slices[] = {grpc::Slice("\x0a\x03"), grpc::Slice("a"),
                                grpc::Slice("bc")};
  const auto parsed =
      RequestParser(kMaxEventBytes).Parse(grpc::ByteBuffer(slices, 3));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->append.topic, "abc");
}

TEST(RequestParser, AnEventIsAsLargeAsItsPayloadIdAndType) {
  RequestParser parser(kMaxEventBytes);
  const std::string head = "topic: 'a' events { id: 'i' type: 't' text: '";
  EXPECT_TRUE(parser.Parse(Request(head + std::string(62, 'x') + "' }")).ok());
  const auto parsed =
      parser.Parse(Request(head + std::string(63, 'x') + "' }"));
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FieldOf(parsed.status()), "requests[1].events[0]");
  EXPECT_THAT(std::string(parsed.status().message()),
              HasSubstr("max_event_bytes"));
}

TEST(RequestParser, ARequestHasAMostOfEvents) {
  // Empty ones: two bytes each.
  std::string events;
  for (size_t i = 0; i < kMaxRequestEvents; ++i) {
    events += std::string("\x12\x00", 2);
  }
  RequestParser parser(kMaxEventBytes);
  const auto most =
      parser.Parse(Bytes("\x0a\x01"
                         "a" +
                         events));
  ASSERT_TRUE(most.ok()) << most.status();
  EXPECT_EQ(most->append.events.size(), kMaxRequestEvents);
  // Refused before it is parsed: what comes behind it is no request.
  const auto more =
      parser.Parse(Bytes(events + std::string("\x12\x00\x0c", 3)));
  EXPECT_EQ(more.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FieldOf(more.status()), "requests[1].events");
}

TEST(RequestParser, AnEndsMessageHasTheLimitOfAnEvent) {
  const auto parsed =
      RequestParser(kMaxEventBytes)
          .Parse(Request("topic: 'a' end { error { code: 1 message: '" +
                         std::string(65, 'x') + "' } }"));
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FieldOf(parsed.status()), "requests[0].end.error.message");
}

}  // namespace
}  // namespace sluice
