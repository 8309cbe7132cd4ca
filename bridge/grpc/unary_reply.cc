#include "bridge/grpc/unary_reply.h"

#include <utility>

namespace sluice {

ServerCall::Method UnaryReply::To(Method method) {
  return [method = std::move(method)](ServerCall& call) {
    auto reply = std::make_shared<UnaryReply>(call, method);
    call.StartRead();
    return reply;
  };
}

void UnaryReply::Answer(const google::protobuf::MessageLite& message) {
  if (!answered_.exchange(true)) call_.Finish(message);
}

void UnaryReply::Fail(const absl::Status& status) {
  if (!answered_.exchange(true)) call_.Finish(status);
}

void UnaryReply::OnReadDone(bool ok) {
  if (!ok) return Fail(absl::InternalError("the call has no request"));
  method_(call_.request(), shared_from_this());
}

void UnaryReply::OnCancel() {
  Fail(absl::CancelledError("the call was cancelled"));
}

}  // namespace sluice
