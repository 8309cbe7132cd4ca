#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "bridge/grpc/server.h"
#include "bridge/hub/hub.h"
#include "bridge/store/memory_store.h"

namespace sluice {

// A server on a port of its own over a memory log, and a channel to it.
class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    MemoryStoreOptions store_options;
    store_options.rules = options_.topic_rules;
    store_ = NewMemoryStore(store_options,
                            [this](absl::Span<const EntryRef> committed) {
                              hub_.OnCommitted(committed);
                            });
    hub_.SetStore(store_.get());
    options_.listen = "127.0.0.1:0";
    server_ = std::make_unique<GrpcServer>(hub_, options_);
    ASSERT_TRUE(server_->Start().ok());
    channel_ = NewChannel();
  }

  // On a connection of its own.
  std::shared_ptr<grpc::Channel> NewChannel() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(
        absl::StrCat("127.0.0.1:", server_->port()),
        grpc::InsecureChannelCredentials(), arguments);
  }

  // What the store has of `topic`, which answers within the call.
  absl::optional<TopicInfo> Describe(const std::string& topic) {
    absl::optional<TopicInfo> info;
    store_->Describe(topic, "", 0, [&info](Store::Description description) {
      info = description.info;
    });
    return info;
  }

  std::string CursorOf(Offset offset) const {
    return Cursor{store_->epoch(), offset}.ToString();
  }

  // The next acknowledgement of a call that gives feedback; empty if there is
  // none.
  template <typename Stream>
  static v1::Ack ReadAck(Stream& stream) {
    v1::PublishWithFeedbackResponse response;
    while (stream.Read(&response)) {
      if (response.has_ack()) return response.ack();
    }
    return {};
  }

  GrpcServerOptions options_;
  Hub hub_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<GrpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace sluice
