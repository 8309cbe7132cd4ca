#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bridge/bridge.h"
#include "sluice/v1/publisher_service.grpc.pb.h"
#include "sluice/v1/topic_service.grpc.pb.h"
#include "tests/integration/raw_client.h"

namespace sluice {

// A whole bridge in this process, on free ports.
class BridgeTest : public testing::Test {
 protected:
  BridgeTest() {
    config_.grpc_listen.port = 0;
    config_.http_listen.port = 0;
    config_.loops = 2;
    config_.retention_events = 1000000;
    config_.retention_bytes = 256 * kMiB;
    config_.log_level = LogLevel::kError;
  }

  void Start() {
    auto bridge = Bridge::Start(config_);
    ASSERT_TRUE(bridge.ok()) << bridge.status();
    bridge_ = *std::move(bridge);
    channel_ = NewChannel();
  }

  // On a connection of its own.
  std::shared_ptr<grpc::Channel> NewChannel() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(
        absl::StrCat("127.0.0.1:", bridge_->grpc_port()),
        grpc::InsecureChannelCredentials(), arguments);
  }

  static std::string Get(absl::string_view target,
                         absl::string_view fields = "") {
    return absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: h\r\n", fields,
                        "\r\n");
  }
  static std::string GetTopic(absl::string_view topic,
                              absl::string_view fields = "") {
    return Get(absl::StrCat("/v1/topics/", topic, "/events"), fields);
  }

  // Publishes `texts` as one request, and the end behind them.
  void Publish(const std::string& topic, const std::vector<std::string>& texts,
               bool end) {
    grpc::ClientContext context;
    v1::PublishBatchRequest request;
    request.set_topic(topic);
    for (const std::string& text : texts) request.add_events()->set_text(text);
    if (end) request.mutable_end();
    v1::PublishBatchResponse response;
    const grpc::Status status =
        v1::PublisherService::NewStub(channel_)->PublishBatch(&context, request,
                                                              &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  // Streams events "<name>:<number>:<padding>", 50 to a request.
  static void StreamEvents(const std::shared_ptr<grpc::Channel>& channel,
                           const std::string& topic, const std::string& name,
                           int count, size_t bytes) {
    grpc::ClientContext context;
    v1::PublishResponse response;
    auto stub = v1::PublisherService::NewStub(channel);
    auto writer = stub->Publish(&context, &response);
    const std::string padding(bytes, 'x');
    for (int i = 0; i < count;) {
      v1::PublishRequest request;
      request.set_topic(topic);
      for (int n = 0; n < 50 && i < count; ++n, ++i)
        request.add_events()->set_text(
            absl::StrCat(name, ":", i, ":", padding));
      if (!writer->Write(request)) break;
    }
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.accepted(), static_cast<uint64_t>(count));
  }

  uint64_t Subscribers(const std::string& topic) {
    grpc::ClientContext context;
    v1::GetTopicRequest request;
    request.set_topic(topic);
    v1::GetTopicResponse response;
    const grpc::Status status = v1::TopicService::NewStub(channel_)->GetTopic(
        &context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.topic().subscribers();
  }

  Config config_;
  std::unique_ptr<Bridge> bridge_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace sluice
