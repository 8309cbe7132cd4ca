#include <gmock/gmock.h>

#include <thread>

#include "tests/integration/bridge_fixture.h"

namespace sluice {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

using ShutdownTest = BridgeTest;

TEST_F(ShutdownTest, ADrainClosesStreamsWithoutTheLastChunk) {
  config_.drain = absl::Seconds(5);
  Start();
  Publish("t", {"hello"}, false);
  std::vector<std::thread> readers;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(bridge_->http_port()));
    clients.back()->Send(GetTopic("t"));
    ASSERT_TRUE(clients.back()->ReadUntil("hello"));
  }
  for (auto& client : clients) {
    readers.emplace_back([client = std::move(client)] {
      client->ReadToEnd();
      bool complete = true;
      const std::string body = Unchunk(BodyOf(client->received()), &complete);
      EXPECT_FALSE(complete);
      EXPECT_THAT(body.substr(body.find("hello")), HasSubstr("\nretry: "));
      EXPECT_THAT(body, Not(HasSubstr("[DONE]")));
    });
  }
  bridge_->Drain();
  for (std::thread& reader : readers) reader.join();
}

TEST_F(ShutdownTest, ABridgeGoesWithReadersAndProducersAttached) {
  Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(bridge_->http_port(), 4096));
    clients.back()->Send(GetTopic("t"));
    ASSERT_TRUE(clients.back()->ReadUntil(": sluice\n"));
  }
  std::vector<std::thread> producers;
  for (int p = 0; p < 3; ++p) {
    producers.emplace_back([channel = NewChannel()] {
      grpc::ClientContext context;
      v1::PublishResponse response;
      auto stub = v1::PublisherService::NewStub(channel);
      auto writer = stub->Publish(&context, &response);
      v1::PublishRequest request;
      request.set_topic("t");
      request.add_events()->set_text(std::string(1000, 'x'));
      while (writer->Write(request)) {
      }
      writer->Finish();
    });
  }
  for (auto& client : clients) ASSERT_TRUE(client->ReadUntil("xxx"));
  bridge_.reset();
  for (std::thread& producer : producers) producer.join();
  for (auto& client : clients)
    EXPECT_THAT(client->ReadToEnd(), Not(EndsWith("\r\n0\r\n\r\n")));
}

}  // namespace
}  // namespace sluice
