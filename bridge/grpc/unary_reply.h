#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>

#include "absl/status/status.h"

namespace sluice {

// The answer of a raw unary method: given by the store, on any thread, or by
// the client's leaving. The first one counts.
//
// Thread safety: all methods may be called from any thread.
// Lifetime: its own until gRPC is done with it, and its callbacks' too; so an
// answer that comes too late does no harm.
class UnaryReply final : public grpc::ServerUnaryReactor,
                         public std::enable_shared_from_this<UnaryReply> {
 public:
  // `response` is gRPC's, and lives until the call is done.
  static std::shared_ptr<UnaryReply> New(grpc::ByteBuffer* response);

  void Answer(const google::protobuf::MessageLite& message);

  // Returns this, as the method's reactor.
  UnaryReply* Fail(const absl::Status& status);

  void OnCancel() override;
  void OnDone() override { self_.reset(); }

 private:
  explicit UnaryReply(grpc::ByteBuffer* response) : response_(*response) {}

  grpc::ByteBuffer& response_;
  std::atomic<bool> answered_{false};
  std::shared_ptr<UnaryReply> self_;
};

}  // namespace sluice
