#pragma once

#include <google/protobuf/message_lite.h>

#include <atomic>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "bridge/grpc/server_call.h"

namespace sluice {

// The answer of a unary method: given by the store, on any thread, or by the
// client's leaving. The first one counts.
//
// Thread safety: all methods may be called from any thread.
// Lifetime: the call's, and its callbacks' too; so an answer that comes too
// late does no harm.
class UnaryReply final : public ServerCall::Handler,
                         public std::enable_shared_from_this<UnaryReply> {
 public:
  using Method = std::function<void(const grpc::ByteBuffer& request,
                                    std::shared_ptr<UnaryReply> reply)>;

  // Takes up calls of `method`, once their request is there.
  static ServerCall::Method To(Method method);

  UnaryReply(ServerCall& call, const Method& method)
      : call_(call), method_(method) {}

  void Answer(const google::protobuf::MessageLite& message);
  void Fail(const absl::Status& status);

  void OnReadDone(bool ok) override;
  void OnCancel() override;

 private:
  ServerCall& call_;
  const Method& method_;
  std::atomic<bool> answered_{false};
};

}  // namespace sluice
