#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/types/optional.h"

namespace sluice {

// A client's call of any method, in raw bytes: what no generated stub sends.
// Every step blocks until it is done.
class RawCall {
 public:
  RawCall(const std::shared_ptr<grpc::Channel>& channel,
          const std::string& method,
          grpc_compression_algorithm compression = GRPC_COMPRESS_NONE)
      : stub_(channel) {
    context_.set_compression_algorithm(compression);
    stream_ = stub_.PrepareCall(&context_, method, &queue_);
    stream_->StartCall(this);
    Await();
  }

  bool Write(const grpc::ByteBuffer& bytes) {
    stream_->Write(bytes, this);
    return Await();
  }
  bool Write(const std::string& bytes) {
    const grpc::Slice slice(bytes);
    return Write(grpc::ByteBuffer(&slice, 1));
  }
  bool HalfClose() {
    stream_->WritesDone(this);
    return Await();
  }

  // The next message of the server's, or nothing if there is none left.
  absl::optional<grpc::ByteBuffer> Read() {
    grpc::ByteBuffer bytes;
    stream_->Read(&bytes, this);
    return Await() ? absl::make_optional(bytes) : absl::nullopt;
  }

  grpc::Status Finish() {
    grpc::Status status;
    stream_->Finish(&status, this);
    Await();
    return status;
  }

  void Cancel() { context_.TryCancel(); }

  // What the server sent after its messages, or "" if not.
  std::string Trailer(const std::string& key) const {
    const auto& trailers = context_.GetServerTrailingMetadata();
    const auto it = trailers.find(key);
    if (it == trailers.end()) return "";
    return std::string(it->second.data(), it->second.size());
  }

 private:
  bool Await() {
    void* tag;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

}  // namespace sluice
