#include "bridge/grpc/wire.h"

#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

namespace sluice {

bool ParseMessage(const grpc::ByteBuffer& bytes,
                  google::protobuf::MessageLite& message) {
  // Most come in one piece.
  grpc::Slice slice;
  if (bytes.Valid() && bytes.TrySingleSlice(&slice).ok()) {
    return message.ParseFromArray(slice.begin(),
                                  static_cast<int>(slice.size()));
  }
  // The reader wants a buffer that it could change; the copy shares the bytes.
  grpc::ByteBuffer shared = bytes;
  if (!shared.Valid()) return false;
  grpc::ProtoBufferReader reader(&shared);
  return reader.status().ok() && message.ParseFromZeroCopyStream(&reader);
}

absl::Status NotAMessage() {
  return absl::InvalidArgumentError(
      "the request cannot be parsed: it is not a message of its type, has a "
      "string that is not UTF-8, or nests too deeply");
}

grpc::ByteBuffer ToBytes(const google::protobuf::MessageLite& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace sluice
