#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sluice {

// The file that the setting `descriptor_set` names: a serialized
// google.protobuf.FileDescriptorSet, as protoc's --descriptor_set_out writes.
//
// Errors are InvalidArgument, and say what is wrong, but not with which file.
//
// Thread safety: functions without state.

// All of the file, 64 MiB at most. Blocks on it.
absl::StatusOr<std::string> ReadDescriptorSet(const std::string& path);

// Adds the files of the set in `bytes` to `pool`, in whichever order they are.
// An import that is missing is an error, unless it is of a well-known type.
absl::Status AddDescriptorSet(const std::string& bytes,
                              google::protobuf::DescriptorPool& pool);

// Adds the files of the well-known types (google/protobuf/any, duration, empty,
// field_mask, struct, timestamp and wrappers.proto), but for types that `pool`
// has already.
void AddWellKnownTypes(google::protobuf::DescriptorPool& pool);

}  // namespace sluice
