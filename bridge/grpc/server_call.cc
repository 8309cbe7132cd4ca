#include "bridge/grpc/server_call.h"

#include "bridge/grpc/status_detail.h"
#include "bridge/grpc/wire.h"

namespace sluice {

ServerCall::Tag* ServerCall::Begin(Tag& tag) {
  pending_.fetch_add(1, std::memory_order_relaxed);
  return &tag;
}

void ServerCall::StartRead() { stream_.Read(&request_, Begin(read_)); }

void ServerCall::StartSendInitialMetadata() {
  stream_.SendInitialMetadata(Begin(metadata_));
}

void ServerCall::StartWrite(const google::protobuf::MessageLite& message) {
  stream_.Write(ToBytes(message), Begin(write_));
}

void ServerCall::Finish(const google::protobuf::MessageLite& message) {
  stream_.WriteAndFinish(ToBytes(message), grpc::WriteOptions(),
                         grpc::Status::OK, &finish_);
}

void ServerCall::Finish(const absl::Status& status) {
  stream_.Finish(ToGrpcStatus(status), &finish_);
}

void ServerCall::OnAccepted(const Methods& methods) {
  const auto method = methods.find(context_.method());
  if (method == methods.end()) {
    return Finish(absl::UnimplementedError("the server has no such method"));
  }
  handler_ = method->second(*this);
}

bool ServerCall::OnEvent(Operation operation, bool ok) {
  switch (operation) {
    case Operation::kRead:
      handler_->OnReadDone(ok);
      break;
    case Operation::kWrite:
      handler_->OnWriteDone(ok);
      break;
    case Operation::kEnd:
      cancelled_ = context_.IsCancelled();
      if (cancelled_ && handler_ != nullptr) handler_->OnCancel();
      break;
    case Operation::kAccept:
    case Operation::kMetadata:
    case Operation::kFinish:
      break;
  }
  if (pending_.fetch_sub(1, std::memory_order_acq_rel) > 1) return false;
  if (handler_ != nullptr) handler_->OnDone();
  return true;
}

}  // namespace sluice
