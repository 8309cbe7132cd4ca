#include "bridge/grpc/publisher_service.h"

#include <gmock/gmock.h>

#include "bridge/grpc/rpc_status.pb.h"
#include "bridge/grpc/wire.h"
#include "sluice/v1/publisher_service.grpc.pb.h"
#include "tests/unit/grpc/raw_call.h"
#include "tests/unit/grpc/server_fixture.h"

namespace sluice {
namespace {

using testing::HasSubstr;

constexpr char kPublish[] = "/sluice.v1.PublisherService/Publish";
constexpr char kFeedback[] = "/sluice.v1.PublisherService/PublishWithFeedback";
constexpr char kBatch[] = "/sluice.v1.PublisherService/PublishBatch";

// A request with `events` of text.
template <typename Request = v1::PublishRequest>
Request Texts(const std::string& topic, int events = 1) {
  Request request;
  request.set_topic(topic);
  for (int i = 0; i < events; ++i) request.add_events()->set_text("x");
  return request;
}

// The field that the status' BadRequest names.
std::string FieldOf(const grpc::Status& status) {
  internal::RpcStatus rpc_status;
  internal::BadRequest bad_request;
  if (!rpc_status.ParseFromString(status.error_details()) ||
      rpc_status.details_size() != 1 ||
      !bad_request.ParseFromString(rpc_status.details(0).value()) ||
      bad_request.field_violations_size() != 1) {
    return "no BadRequest";
  }
  return bad_request.field_violations(0).field();
}

class PublisherServiceTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    stub_ = v1::PublisherService::NewStub(channel_);
  }

  std::unique_ptr<v1::PublisherService::Stub> stub_;
};

TEST_F(PublisherServiceTest, PublishStoresAStreamAndAnswersOnce) {
  grpc::ClientContext context;
  v1::PublishResponse response;
  const auto writer = stub_->Publish(&context, &response);
  EXPECT_TRUE(writer->Write(Texts("a", 2)));
  EXPECT_TRUE(writer->Write(Texts("b", 3)));
  v1::PublishRequest end;
  end.mutable_end();
  EXPECT_TRUE(writer->Write(end));
  writer->WritesDone();
  const auto status = writer->Finish();
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.accepted(), 5u);
  EXPECT_EQ(response.duplicates(), 0u);
  EXPECT_EQ(response.last_cursor(), CursorOf(6));
  EXPECT_EQ(Describe("a")->end, nullptr);
  EXPECT_NE(Describe("b")->end, nullptr);
}

TEST_F(PublisherServiceTest, PublishOfNothingIsOkWithZeros) {
  grpc::ClientContext context;
  v1::PublishResponse response;
  const auto writer = stub_->Publish(&context, &response);
  writer->WritesDone();
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_EQ(response.accepted(), 0u);
  EXPECT_EQ(response.last_cursor(), "");
}

TEST_F(PublisherServiceTest, BatchStoresOneRequest) {
  v1::PublishBatchRequest request = Texts<v1::PublishBatchRequest>("a", 2);
  request.mutable_events(0)->set_id("1");
  v1::PublishBatchResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->PublishBatch(&context, request, &response).ok());
  EXPECT_EQ(response.accepted(), 2u);
  EXPECT_EQ(response.last_cursor(), CursorOf(2));

  request.mutable_events()->RemoveLast();
  grpc::ClientContext again;
  ASSERT_TRUE(stub_->PublishBatch(&again, request, &response).ok());
  EXPECT_EQ(response.accepted(), 0u);
  EXPECT_EQ(response.duplicates(), 1u);
  EXPECT_EQ(response.last_cursor(), CursorOf(1));
}

TEST_F(PublisherServiceTest, FeedbackAcknowledgesAllBeforeItFinishes) {
  constexpr int kRequests = 500;
  grpc::ClientContext context;
  const auto stream = stub_->PublishWithFeedback(&context);
  for (int i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(
        stream->Write(Texts<v1::PublishWithFeedbackRequest>(i ? "" : "a")));
  }
  stream->WritesDone();
  v1::PublishWithFeedbackResponse response;
  uint64_t requests = 0;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.interest().topic(), "a");
  while (stream->Read(&response)) {
    ASSERT_TRUE(response.has_ack());
    EXPECT_GT(response.ack().requests(), requests);
    requests = response.ack().requests();
    EXPECT_EQ(response.ack().accepted(), requests);
    EXPECT_EQ(response.ack().last_cursor(), CursorOf(requests));
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(requests, kRequests);
}

TEST_F(PublisherServiceTest, FeedbackAcknowledgesWhileTheStreamIsOpen) {
  grpc::ClientContext context;
  const auto stream = stub_->PublishWithFeedback(&context);
  v1::PublishWithFeedbackResponse response;
  for (uint64_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(stream->Write(Texts<v1::PublishWithFeedbackRequest>("a")));
    EXPECT_EQ(ReadAck(*stream).requests(), i);
  }
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(PublisherServiceTest, FeedbackOfNothingIsOkWithoutAnAck) {
  grpc::ClientContext context;
  const auto stream = stub_->PublishWithFeedback(&context);
  stream->WritesDone();
  v1::PublishWithFeedbackResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

// Bytes that no generated stub would send: what they are, and how.
struct Malformed {
  const char* name;
  std::string bytes;
};

class MalformedTest : public PublisherServiceTest,
                      public testing::WithParamInterface<Malformed> {};

TEST_P(MalformedTest, FailsThePublishAndKeepsWhatCameBefore) {
  for (const char* method : {kPublish, kFeedback}) {
    const std::string topic = method == kPublish ? "a" : "b";
    RawCall call(channel_, method);
    EXPECT_TRUE(call.Write(ToBytes(Texts(topic, 2))));
    EXPECT_TRUE(call.Write(ToBytes(Texts(topic, 1))));
    call.Write(GetParam().bytes);
    call.Write(ToBytes(Texts(topic, 4)));
    while (call.Read().has_value()) {
    }
    const grpc::Status status = call.Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(FieldOf(status), "requests[2]");
    EXPECT_EQ(call.Trailer("sluice-accepted"), "3");
    EXPECT_EQ(Describe(topic)->events, 3u);
  }
}

TEST_P(MalformedTest, FailsTheBatch) {
  RawCall call(channel_, kBatch);
  call.Write(GetParam().bytes);
  call.HalfClose();
  const grpc::Status status = call.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(FieldOf(status), "requests[0]");
  EXPECT_EQ(call.Trailer("sluice-accepted"), "0");
}

INSTANTIATE_TEST_SUITE_P(
    Bytes, MalformedTest,
    testing::Values(Malformed{"truncated",
                              "\x0a\x05"
                              "ab"},
                    Malformed{"group_end", "\x0c"},
                    Malformed{"utf8_in_topic", "\x0a\x01\xff"},
                    Malformed{"utf8_in_text", "\x12\x03\x1a\x01\xff"},
                    Malformed{"endless_varint", std::string(11, '\xff')}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(PublisherServiceTest, ABadFieldIsNamedAndNothingOfItsRequestStored) {
  RawCall call(channel_, kPublish);
  v1::PublishRequest request = Texts("a", 3);
  EXPECT_TRUE(call.Write(ToBytes(request)));
  request.mutable_events(1)->set_id("not an id");
  call.Write(ToBytes(request));
  EXPECT_FALSE(call.Read().has_value());
  const grpc::Status status = call.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(FieldOf(status), "requests[1].events[1].id");
  EXPECT_EQ(call.Trailer("sluice-accepted"), "3");
  EXPECT_EQ(Describe("a")->events, 3u);
}

TEST_F(PublisherServiceTest, ALargeEventIsResourceExhausted) {
  v1::PublishBatchRequest request;
  request.set_topic("a");
  request.add_events()->set_text(std::string((1 << 20) + 1, 'x'));
  v1::PublishBatchResponse response;
  grpc::ClientContext context;
  const auto status = stub_->PublishBatch(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("max_event_bytes"));
}

TEST_F(PublisherServiceTest, ACompressedRequestCountsAsLargeAsItIs) {
  RawCall call(channel_, kPublish, GRPC_COMPRESS_GZIP);
  call.Write(std::string(8 << 20, '\0'));
  EXPECT_FALSE(call.Read().has_value());
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(PublisherServiceTest, ACompressedRequestIsTaken) {
  RawCall call(channel_, kPublish, GRPC_COMPRESS_GZIP);
  v1::PublishRequest request = Texts("a");
  request.mutable_events(0)->set_text(std::string(1000, 'x'));
  EXPECT_TRUE(call.Write(ToBytes(request)));
  call.HalfClose();
  EXPECT_TRUE(call.Read().has_value());
  EXPECT_TRUE(call.Finish().ok());
  EXPECT_EQ(Describe("a")->bytes, 1000u);
}

TEST_F(PublisherServiceTest, PublishingToAnEndedTopicFails) {
  v1::PublishBatchRequest request = Texts<v1::PublishBatchRequest>("a");
  request.mutable_end();
  v1::PublishBatchResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->PublishBatch(&context, request, &response).ok());

  RawCall call(channel_, kPublish);
  EXPECT_TRUE(call.Write(ToBytes(Texts("b", 2))));
  call.Write(ToBytes(Texts("a")));
  EXPECT_FALSE(call.Read().has_value());
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(call.Trailer("sluice-accepted"), "2");
}

TEST_F(PublisherServiceTest, ACancelledCallKeepsWhatItStored) {
  {
    grpc::ClientContext context;
    const auto stream = stub_->PublishWithFeedback(&context);
    ASSERT_TRUE(stream->Write(Texts<v1::PublishWithFeedbackRequest>("a")));
    EXPECT_EQ(ReadAck(*stream).requests(), 1u);
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  server_.reset();
  EXPECT_EQ(Describe("a")->events, 1u);
  EXPECT_EQ(Describe("a")->end, nullptr);
}

}  // namespace
}  // namespace sluice
