#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"

namespace sluice {

// Of the well-known types, what protobuf's JSON writer would write as something
// else instead of refusing it: a google.protobuf.Value without a kind or that
// is no finite number, a Duration whose parts are out of bounds or of two
// signs, a FieldMask with paths that do not come back from lowerCamelCase.
//
// `message` is of any type and not looked into. InvalidArgument says what is
// wrong as the rest of a sentence: "is not finite; JSON has ...".
//
// Thread safety: a function without state.
absl::Status CheckWellKnown(const google::protobuf::Message& message);

}  // namespace sluice
