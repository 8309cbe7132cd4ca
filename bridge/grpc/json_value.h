#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>

#include "absl/status/statusor.h"

namespace sluice {

// `value` as compact JSON on one line, the same text each time: members by
// name, numbers as short as they can be without being others (-0 is another
// than 0), text as it is but for what RFC 8259 7 has escaped. (protobuf's own
// writer gives the members in an order of chance, "NaN" for NaN, and nothing
// for a value of no kind.)
//
// InvalidArgument for NaN, infinity and a value that has no kind set.
//
// Thread safety: a function without state.
absl::StatusOr<std::string> ToJson(const google::protobuf::Value& value);

}  // namespace sluice
