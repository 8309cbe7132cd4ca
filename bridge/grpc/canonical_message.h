#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace sluice {

// Messages of a pool's types nest up to this deep, those inside an Any counted
// on.
inline constexpr int kMaxMessageDepth = 64;

// A payload of more messages, one in another, is refused. On the wire a message
// may be two bytes, in memory it is hundreds.
inline constexpr size_t kMaxMessages = 200000;

// The name in an Any's type URL: what is behind the last slash.
std::string TypeNameOf(const std::string& type_url);

// The same message in bytes of which protobuf's JSON writer (of 3.21) makes the
// right JSON: each field once, fields and map keys in order, no unknown fields,
// and so in every Any inside. That writer goes through bytes as they are: of a
// field that is there twice, as it may be, it makes two members.
//
// `type_url` names a type of `pool`, whose messages `factory` makes.
// InvalidArgument, naming the type, if it is not known, the bytes are no
// message of it, or JSON could not carry the message: it has text that is not
// UTF-8, breaks a rule of CheckWellKnown, nests too deeply, or has a group or
// an extension (which have JSON, but protobuf's writer does not know it).
//
// ResourceExhausted for more than kMaxMessages.
//
// Thread safety: a function without state, if the factory's methods are safe.
absl::StatusOr<std::string> CanonicalBytes(
    const std::string& type_url, const std::string& bytes,
    const google::protobuf::DescriptorPool& pool,
    google::protobuf::MessageFactory& factory);

}  // namespace sluice
