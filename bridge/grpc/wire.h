#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"

namespace sluice {

// Between gRPC's bytes and messages. The raw methods use it: a generated one
// answers bytes that it cannot parse with UNIMPLEMENTED, and on a stream with
// what looks like a half-close.
//
// Thread safety: functions without state.

// True if `bytes` are a whole message with well-formed UTF-8 in its strings.
bool ParseMessage(const grpc::ByteBuffer& bytes,
                  google::protobuf::MessageLite& message);

// What is said of bytes that are not.
absl::Status NotAMessage();

grpc::ByteBuffer ToBytes(const google::protobuf::MessageLite& message);

}  // namespace sluice
