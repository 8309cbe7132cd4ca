#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bridge/grpc/health.grpc.pb.h"
#include "bridge/grpc/server.h"
#include "bridge/hub/hub.h"
#include "sluice/v1/publisher_service.grpc.pb.h"
#include "tests/unit/grpc/stalled_store.h"

namespace sluice {
namespace {

constexpr size_t kMiB = 1 << 20;
constexpr size_t kEventBytes = 64 << 10;

// What a call may have in the store; as many events as fill it.
constexpr size_t kWindow = kMiB;

// A client that writes as fast as it is let.
class Pusher {
 public:
  Pusher(const std::shared_ptr<grpc::Channel>& channel,
         const std::string& topic, size_t bytes,
         size_t event_bytes = kEventBytes)
      : thread_([=] { Push(channel, topic, bytes, event_bytes); }) {}

  // Bytes that gRPC has taken from it.
  size_t written() const { return written_; }

  grpc::Status Join() {
    thread_.join();
    return status_;
  }

 private:
  void Push(const std::shared_ptr<grpc::Channel>& channel,
            const std::string& topic, size_t bytes, size_t event_bytes) {
    grpc::ClientContext context;
    v1::PublishResponse response;
    const auto stub = v1::PublisherService::NewStub(channel);
    const auto writer = stub->Publish(&context, &response);
    v1::PublishRequest request;
    request.set_topic(topic);
    request.add_events()->set_text(std::string(event_bytes, 'x'));
    while (written_ < bytes && writer->Write(request)) written_ += event_bytes;
    writer->WritesDone();
    status_ = writer->Finish();
  }

  std::atomic<size_t> written_{0};
  grpc::Status status_;
  std::thread thread_;
};

class BackpressureTest : public testing::Test {
 protected:
  void SetUp() override {
    hub_.SetStore(&store_);
    options_.listen = "127.0.0.1:0";
    server_ = std::make_unique<GrpcServer>(hub_, options_);
    ASSERT_TRUE(server_->Start().ok());
  }

  std::shared_ptr<grpc::Channel> NewChannel() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(
        absl::StrCat("127.0.0.1:", server_->port()),
        grpc::InsecureChannelCredentials(), arguments);
  }

  // Gives whoever goes too far the time to do so, a hundred round trips.
  void Look() const {
    const auto stub = grpc::health::v1::Health::NewStub(NewChannel());
    for (int i = 0; i < 100; ++i) {
      grpc::ClientContext context;
      grpc::health::v1::HealthCheckResponse response;
      const auto status = stub->Check(&context, {}, &response);
      ASSERT_TRUE(status.ok()) << status.error_message();
    }
  }

  GrpcServerOptions options_;
  StalledStore store_;
  Hub hub_;
  std::unique_ptr<GrpcServer> server_;
};

TEST_F(BackpressureTest, AStalledStoreStopsTheClientAndNothingIsLost) {
  constexpr size_t kAll = 16 * kMiB;
  Pusher pusher(NewChannel(), "a", kAll);
  store_.AwaitBytes(kWindow);
  Look();
  // Nothing more comes in, and gRPC has taken little more from the client.
  EXPECT_EQ(store_.asked().bytes, kWindow);
  EXPECT_LT(pusher.written(), kWindow + 2 * kMiB);
  store_.Resume();
  const grpc::Status status = pusher.Join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(store_.asked().bytes, kAll);
}

TEST_F(BackpressureTest, AWindowOfSmallRequestsIsCounted) {
  constexpr size_t kSmall = 100;
  constexpr size_t kAll = 2 * kMiB;
  const size_t window = options_.publish.window_requests;
  Pusher pusher(NewChannel(), "a", kAll, kSmall);
  store_.AwaitBytes(window * kSmall);
  Look();
  EXPECT_EQ(store_.asked().requests, window);
  EXPECT_LT(pusher.written(), kAll);
  store_.Resume();
  EXPECT_TRUE(pusher.Join().ok());
  EXPECT_GE(store_.asked().bytes, kAll);
}

TEST_F(BackpressureTest, ManyCallsAreHeldUpAndNoneIsLost) {
  constexpr size_t kCalls = 200;
  constexpr size_t kAll = 3 * kMiB;
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < 4; ++i) channels.push_back(NewChannel());
  std::vector<std::unique_ptr<Pusher>> pushers;
  for (size_t i = 0; i < kCalls; ++i) {
    pushers.push_back(std::make_unique<Pusher>(channels[i % channels.size()],
                                               absl::StrCat("t", i), kAll));
  }
  store_.AwaitBytes(kCalls * kWindow);
  Look();
  EXPECT_EQ(store_.asked().bytes, kCalls * kWindow);
  size_t written = 0;
  for (const auto& pusher : pushers) written += pusher->written();
  // What gRPC holds for them fits into its memory: else it would give up calls.
  EXPECT_LT(written, kCalls * kWindow + options_.memory);
  store_.Resume();
  for (const auto& pusher : pushers) {
    const grpc::Status status = pusher->Join();
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  EXPECT_EQ(store_.asked().bytes, kCalls * kAll);
}

}  // namespace
}  // namespace sluice
