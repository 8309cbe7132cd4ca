#include "bridge/grpc/topic_service.h"

#include <gmock/gmock.h>

#include "bridge/grpc/rpc_status.pb.h"
#include "sluice/v1/publisher_service.grpc.pb.h"
#include "sluice/v1/topic_service.grpc.pb.h"
#include "tests/unit/grpc/raw_call.h"
#include "tests/unit/grpc/server_fixture.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class TopicServiceTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    stub_ = v1::TopicService::NewStub(channel_);
    publisher_ = v1::PublisherService::NewStub(channel_);
  }

  grpc::Status Create(const v1::CreateTopicRequest& request) {
    grpc::ClientContext context;
    v1::CreateTopicResponse response;
    const auto status = stub_->CreateTopic(&context, request, &response);
    topic_ = response.topic();
    return status;
  }

  grpc::Status Get(const std::string& name) {
    v1::GetTopicRequest request;
    request.set_topic(name);
    grpc::ClientContext context;
    v1::GetTopicResponse response;
    const auto status = stub_->GetTopic(&context, request, &response);
    topic_ = response.topic();
    return status;
  }

  void Publish(const v1::PublishBatchRequest& request) {
    grpc::ClientContext context;
    v1::PublishBatchResponse response;
    const auto status = publisher_->PublishBatch(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  static v1::PublishBatchRequest Batch(const std::string& topic, int events) {
    v1::PublishBatchRequest request;
    request.set_topic(topic);
    for (int i = 0; i < events; ++i) request.add_events()->set_text("x");
    return request;
  }

  grpc::Status List(const v1::ListTopicsRequest& request) {
    grpc::ClientContext context;
    return stub_->ListTopics(&context, request, &topics_);
  }
  std::vector<std::string> ListAll(v1::ListTopicsRequest request) {
    std::vector<std::string> names;
    do {
      EXPECT_TRUE(List(request).ok());
      for (const v1::Topic& topic : topics_.topics())
        names.push_back(topic.name());
      request.set_page_token(topics_.next_page_token());
    } while (!request.page_token().empty());
    return names;
  }

  grpc::Status EndTopic(const std::string& name, int code = 0,
                        const std::string& message = "") {
    v1::EndTopicRequest request;
    request.set_topic(name);
    if (code != 0) {
      request.mutable_error()->set_code(code);
      request.mutable_error()->set_message(message);
    }
    grpc::ClientContext context;
    v1::EndTopicResponse response;
    const auto status = stub_->EndTopic(&context, request, &response);
    topic_ = response.topic();
    return status;
  }

  grpc::Status Delete(const std::string& name) {
    v1::DeleteTopicRequest request;
    request.set_topic(name);
    grpc::ClientContext context;
    v1::DeleteTopicResponse response;
    return stub_->DeleteTopic(&context, request, &response);
  }

  grpc::Status ListEvents(const v1::ListEventsRequest& request) {
    grpc::ClientContext context;
    return stub_->ListEvents(&context, request, &events_);
  }

  std::unique_ptr<v1::TopicService::Stub> stub_;
  std::unique_ptr<v1::PublisherService::Stub> publisher_;
  // Of the last answer.
  v1::Topic topic_;
  v1::ListTopicsResponse topics_;
  v1::ListEventsResponse events_;
};

TEST_F(TopicServiceTest, CreateMakesAnEmptyTopicWithItsSettings) {
  v1::CreateTopicRequest request;
  request.set_topic("a");
  auto& settings = *request.mutable_settings();
  settings.set_retention_events(7);
  settings.mutable_retention_age()->set_seconds(90);
  settings.mutable_retention_age()->set_nanos(500000000);
  settings.set_default_start(v1::START_LATEST);
  settings.set_slow_reader(v1::SLOW_READER_DISCONNECT);
  settings.set_coalesce(true);
  ASSERT_TRUE(Create(request).ok());
  EXPECT_EQ(topic_.name(), "a");
  EXPECT_EQ(topic_.state(), v1::TOPIC_STATE_OPEN);
  EXPECT_EQ(topic_.settings().retention_events(), 7u);
  EXPECT_EQ(topic_.settings().retention_bytes(), 8u << 20);
  EXPECT_EQ(topic_.settings().retention_age().seconds(), 90);
  EXPECT_EQ(topic_.settings().retention_age().nanos(), 500000000);
  EXPECT_EQ(topic_.settings().default_start(), v1::START_LATEST);
  EXPECT_EQ(topic_.settings().slow_reader(), v1::SLOW_READER_DISCONNECT);
  EXPECT_TRUE(topic_.settings().coalesce());
  EXPECT_FALSE(topic_.settings().omit_done_marker());
  EXPECT_EQ(topic_.first_cursor(), "");
  EXPECT_EQ(topic_.last_cursor(), "");
  EXPECT_GT(topic_.create_time().seconds(), 0);
  EXPECT_FALSE(topic_.has_end_time());

  const v1::Topic created = topic_;
  ASSERT_TRUE(Get("a").ok());
  EXPECT_EQ(topic_.SerializeAsString(), created.SerializeAsString());
}

class TopicServiceWithRulesTest : public TopicServiceTest {
 protected:
  TopicServiceWithRulesTest() {
    TopicRule price;
    price.match = "price.*";
    price.retention_events = 1;
    price.retention_bytes = 5;
    price.slow_reader = TopicSettings::SlowReader::kDisconnect;
    TopicSettings server;
    server.retention_bytes = 6;
    server.retention_age = absl::Minutes(6);
    options_.topic_rules = TopicRules(server, {price});
  }
};

TEST_F(TopicServiceWithRulesTest, WhatCreateLeavesOutIsTheRulesThenTheServers) {
  v1::CreateTopicRequest request;
  request.set_topic("price.eur");
  request.mutable_settings()->set_retention_bytes(4);
  ASSERT_TRUE(Create(request).ok());
  EXPECT_EQ(topic_.settings().retention_bytes(), 4u);
  EXPECT_EQ(topic_.settings().retention_events(), 1u);
  EXPECT_EQ(topic_.settings().slow_reader(), v1::SLOW_READER_DISCONNECT);
  EXPECT_EQ(topic_.settings().retention_age().seconds(), 360);

  request.set_topic("price");
  request.clear_settings();
  ASSERT_TRUE(Create(request).ok());
  EXPECT_EQ(topic_.settings().retention_bytes(), 6u);
  EXPECT_EQ(topic_.settings().retention_events(), 1000u);
}

TEST_F(TopicServiceWithRulesTest, ATopicThatOnlyReadersHoldHasThoseOfItsRule) {
  LoopInbox inbox([] {});
  const auto view = hub_.Watch(
      Selector("price.eur"), inbox, [] {}, [] {});
  view->CountSubscribers(1);
  ASSERT_TRUE(Get("price.eur").ok());
  EXPECT_EQ(topic_.settings().retention_events(), 1u);
  EXPECT_EQ(topic_.settings().retention_bytes(), 5u);
  view->CountSubscribers(-1);
}

TEST_F(TopicServiceTest, CreateWithoutANameMakesOneThatCannotBeGuessed) {
  ASSERT_TRUE(Create({}).ok());
  const std::string first = topic_.name();
  EXPECT_THAT(first, MatchesRegex("[a-z2-7]{26}"));
  ASSERT_TRUE(Create({}).ok());
  EXPECT_NE(topic_.name(), first);
}

TEST_F(TopicServiceTest, CreateOfATopicThatIsThereFails) {
  v1::CreateTopicRequest request;
  request.set_topic("a");
  ASSERT_TRUE(Create(request).ok());
  EXPECT_EQ(Create(request).error_code(), grpc::StatusCode::ALREADY_EXISTS);

  v1::PublishBatchRequest end;
  end.set_topic("a");
  end.mutable_end();
  Publish(end);
  EXPECT_EQ(Create(request).error_code(), grpc::StatusCode::ALREADY_EXISTS);
  request.set_replace_ended(true);
  EXPECT_TRUE(Create(request).ok());
  EXPECT_EQ(topic_.state(), v1::TOPIC_STATE_OPEN);
}

TEST_F(TopicServiceTest, BadSettingsAreNamed) {
  struct {
    void (*set)(v1::TopicSettings&);
    const char* field;
  } const cases[] = {
      {[](auto& s) { s.mutable_retention_age(); }, "settings.retention_age"},
      {[](auto& s) { s.mutable_retention_age()->set_nanos(999999999); },
       "settings.retention_age"},
      {[](auto& s) { s.mutable_retention_age()->set_seconds(-5); },
       "settings.retention_age"},
      {[](auto& s) { s.set_default_start(static_cast<v1::Start>(9)); },
       "settings.default_start"},
      {[](auto& s) { s.set_slow_reader(static_cast<v1::SlowReader>(9)); },
       "settings.slow_reader"},
  };
  for (const auto& bad : cases) {
    v1::CreateTopicRequest request;
    request.set_topic("a");
    bad.set(*request.mutable_settings());
    const auto status = Create(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr(bad.field));
    internal::RpcStatus detail;
    ASSERT_TRUE(detail.ParseFromString(status.error_details()));
    ASSERT_EQ(detail.details_size(), 1);
    EXPECT_THAT(detail.details(0).value(), HasSubstr(bad.field));
  }
  EXPECT_EQ(Get("a").error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(TopicServiceTest, NamesThatBreakTheRulesAreRefused) {
  v1::CreateTopicRequest request;
  for (const char* name : {"a b", "a.>", "sluice.a"}) {
    request.set_topic(name);
    const auto status = Create(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << name;
    EXPECT_THAT(status.error_message(), HasSubstr("topic: "));
  }
  EXPECT_EQ(Get("").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Get("a b").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Get("sluice.a").error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(TopicServiceTest, BytesThatAreNoRequestAreInvalidArgument) {
  for (const char* method : {"/sluice.v1.TopicService/CreateTopic",
                             "/sluice.v1.TopicService/GetTopic"}) {
    RawCall call(channel_, method);
    call.Write(std::string("\x0a\x01\xff"));
    call.HalfClose();
    EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(TopicServiceTest, GetTellsTheEventsAndTheEnd) {
  v1::PublishBatchRequest request;
  request.set_topic("a");
  request.add_events()->set_text("12345");
  request.add_events()->set_text("1");
  request.mutable_events(1)->set_id("23");
  Publish(request);
  ASSERT_TRUE(Get("a").ok());
  EXPECT_EQ(topic_.events(), 2u);
  EXPECT_EQ(topic_.bytes(), 8u);
  EXPECT_EQ(topic_.first_cursor(), CursorOf(1));
  EXPECT_EQ(topic_.last_cursor(), CursorOf(2));
  EXPECT_EQ(topic_.state(), v1::TOPIC_STATE_OPEN);
  EXPECT_EQ(topic_.settings().retention_events(), 1000u);

  request.mutable_end()->mutable_error()->set_code(8);
  request.mutable_end()->mutable_error()->set_message("out of luck");
  request.clear_events();
  Publish(request);
  ASSERT_TRUE(Get("a").ok());
  EXPECT_EQ(topic_.state(), v1::TOPIC_STATE_FAILED);
  EXPECT_EQ(topic_.error().code(), 8);
  EXPECT_EQ(topic_.error().message(), "out of luck");
  EXPECT_EQ(topic_.last_cursor(), CursorOf(3));
  EXPECT_TRUE(topic_.has_end_time());
}

TEST_F(TopicServiceTest, GetTellsACompletedTopic) {
  v1::PublishBatchRequest request;
  request.set_topic("a");
  request.mutable_end();
  Publish(request);
  ASSERT_TRUE(Get("a").ok());
  EXPECT_EQ(topic_.state(), v1::TOPIC_STATE_COMPLETED);
  EXPECT_FALSE(topic_.has_error());
  EXPECT_EQ(topic_.first_cursor(), "");
}

TEST_F(TopicServiceTest, GetOfAnUnknownTopicIsNotFound) {
  const auto status = Get("a");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("a is not there"));
}

TEST_F(TopicServiceTest, ATopicThatOnlyReadersHoldIsThere) {
  LoopInbox inbox([] {});
  {
    const auto view = hub_.Watch(
        Selector("a"), inbox, [] {}, [] {});
    view->CountSubscribers(2);
    ASSERT_TRUE(Get("a").ok());
    EXPECT_EQ(topic_.name(), "a");
    EXPECT_EQ(topic_.state(), v1::TOPIC_STATE_OPEN);
    EXPECT_EQ(topic_.subscribers(), 2u);
    EXPECT_EQ(topic_.events(), 0u);
    EXPECT_EQ(topic_.settings().retention_events(), 1000u);
    EXPECT_FALSE(topic_.has_create_time());
    view->CountSubscribers(-2);
  }
  EXPECT_EQ(Get("a").error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(TopicServiceTest, GetCountsTheOpenPublishingCalls) {
  grpc::ClientContext contexts[2];
  std::vector<std::unique_ptr<grpc::ClientReaderWriter<
      v1::PublishWithFeedbackRequest, v1::PublishWithFeedbackResponse>>>
      streams;
  for (auto& context : contexts) {
    streams.push_back(publisher_->PublishWithFeedback(&context));
    v1::PublishWithFeedbackRequest request;
    request.set_topic("a");
    request.add_events();
    ASSERT_TRUE(streams.back()->Write(request));
    EXPECT_EQ(ReadAck(*streams.back()).requests(), 1u);
  }
  ASSERT_TRUE(Get("a").ok());
  EXPECT_EQ(topic_.producers(), 2u);
  for (auto& stream : streams) {
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
  }
  ASSERT_TRUE(Get("a").ok());
  EXPECT_EQ(topic_.producers(), 0u);
}

TEST_F(TopicServiceTest, GetOfADeletedTopicIsNotFound) {
  Publish(Batch("a", 1));
  ASSERT_TRUE(Delete("a").ok());
  EXPECT_EQ(Get("a").error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(TopicServiceTest, ListGoesPageByPage) {
  for (const char* name : {"b.2", "a", "b.1", "b.3", "c"})
    Publish(Batch(name, 1));
  v1::ListTopicsRequest request;
  EXPECT_EQ(ListAll(request),
            (std::vector<std::string>{"a", "b.1", "b.2", "b.3", "c"}));
  request.set_page_size(2);
  EXPECT_EQ(ListAll(request).size(), 5u);
  request.set_pattern("b.*");
  EXPECT_EQ(ListAll(request), (std::vector<std::string>{"b.1", "b.2", "b.3"}));
  request.set_pattern("nobody");
  EXPECT_TRUE(ListAll(request).empty());
}

TEST_F(TopicServiceTest, ListRefusesWhatIsNoPatternNoSizeAndNoToken) {
  v1::ListTopicsRequest request;
  request.set_pattern("a..b");
  EXPECT_THAT(List(request).error_message(), HasSubstr("pattern"));
  request.set_pattern("");
  request.set_page_size(-1);
  EXPECT_THAT(List(request).error_message(), HasSubstr("page_size"));
  request.set_page_size(0);
  request.set_page_token("*");
  EXPECT_THAT(List(request).error_message(), HasSubstr("page_token"));
}

TEST_F(TopicServiceTest, EndEndsWhatIsThere) {
  EXPECT_EQ(EndTopic("a").error_code(), grpc::StatusCode::NOT_FOUND);
  Publish(Batch("a", 1));
  ASSERT_TRUE(EndTopic("a").ok());
  EXPECT_EQ(topic_.state(), v1::TOPIC_STATE_COMPLETED);
  EXPECT_EQ(topic_.last_cursor(), CursorOf(2));
  EXPECT_TRUE(EndTopic("a").ok());
  EXPECT_EQ(EndTopic("a", 13, "late").error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);

  Publish(Batch("b", 1));
  ASSERT_TRUE(EndTopic("b", 13, "broken").ok());
  EXPECT_EQ(topic_.state(), v1::TOPIC_STATE_FAILED);
  EXPECT_EQ(topic_.error().message(), "broken");
  EXPECT_THAT(EndTopic("b", 99, "").error_message(), HasSubstr("error.code"));
  EXPECT_THAT(EndTopic("sluice.x").error_message(), HasSubstr("topic"));
}

TEST_F(TopicServiceTest, DeleteLeavesNothingToPublishTo) {
  EXPECT_EQ(Delete("a").error_code(), grpc::StatusCode::NOT_FOUND);
  Publish(Batch("a", 2));
  ASSERT_TRUE(Delete("a").ok());
  EXPECT_EQ(Delete("a").error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(EndTopic("a").error_code(), grpc::StatusCode::NOT_FOUND);
  grpc::ClientContext context;
  v1::PublishBatchResponse response;
  EXPECT_EQ(
      publisher_->PublishBatch(&context, Batch("a", 1), &response).error_code(),
      grpc::StatusCode::FAILED_PRECONDITION);
  // A new life begins behind it.
  v1::CreateTopicRequest create;
  create.set_topic("a");
  EXPECT_TRUE(Create(create).ok());
}

TEST_F(TopicServiceTest, EventsComePageByPageUpToTheEnd) {
  v1::ListEventsRequest request;
  request.set_topic("a");
  EXPECT_EQ(ListEvents(request).error_code(), grpc::StatusCode::NOT_FOUND);
  Publish(Batch("a", 5));
  request.set_page_size(3);
  ASSERT_TRUE(ListEvents(request).ok());
  ASSERT_EQ(events_.events_size(), 3);
  EXPECT_EQ(events_.events(0).event().text(), "x");
  EXPECT_EQ(events_.events(2).cursor(), CursorOf(3));
  EXPECT_EQ(events_.cursor(), CursorOf(3));
  EXPECT_FALSE(events_.ended());
  ASSERT_TRUE(EndTopic("a", 5, "over").ok());
  request.set_after(events_.cursor());
  ASSERT_TRUE(ListEvents(request).ok());
  EXPECT_EQ(events_.events_size(), 2);
  EXPECT_TRUE(events_.ended());
  EXPECT_EQ(events_.error().message(), "over");
  EXPECT_EQ(events_.cursor(), CursorOf(6));
  EXPECT_FALSE(events_.has_gap());

  request.set_after("rubbish");
  ASSERT_TRUE(ListEvents(request).ok());
  EXPECT_EQ(events_.gap().reason(), v1::GAP_REASON_UNKNOWN_ID);
  EXPECT_EQ(events_.gap().requested(), "rubbish");
  request.clear_after();
  request.set_last(2);
  ASSERT_TRUE(ListEvents(request).ok());
  EXPECT_EQ(events_.events(0).cursor(), CursorOf(4));
  request.set_last(-1);
  EXPECT_THAT(ListEvents(request).error_message(), HasSubstr("last"));
}

}  // namespace
}  // namespace sluice
