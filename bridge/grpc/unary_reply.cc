#include "bridge/grpc/unary_reply.h"

#include "bridge/grpc/status_detail.h"
#include "bridge/grpc/wire.h"

namespace sluice {

std::shared_ptr<UnaryReply> UnaryReply::New(grpc::ByteBuffer* response) {
  std::shared_ptr<UnaryReply> reply(new UnaryReply(response));
  reply->self_ = reply;
  return reply;
}

void UnaryReply::Answer(const google::protobuf::MessageLite& message) {
  if (answered_.exchange(true)) return;
  response_ = ToBytes(message);
  Finish(grpc::Status::OK);
}

UnaryReply* UnaryReply::Fail(const absl::Status& status) {
  if (!answered_.exchange(true)) Finish(ToGrpcStatus(status));
  return this;
}

void UnaryReply::OnCancel() {
  Fail(absl::CancelledError("the call was cancelled"));
}

}  // namespace sluice
