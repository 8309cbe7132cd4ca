#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "bridge/net/target.h"

namespace sluice {

// Reading the query of a request. InvalidArgument names the parameter.
//
// Thread safety: functions without state.

// InvalidArgument if one of `names` is there more than once.
absl::Status CheckOnce(const Target& target,
                       std::initializer_list<absl::string_view> names);

// Reads a whole number, if it is there; one too large for 64 bits is as large
// as they are. InvalidArgument if it is something else.
absl::Status TakeNumber(const Target& target, absl::string_view name,
                        absl::optional<uint64_t>& to);

// A cursor or an event's id, or anything else that is given in its place; empty
// if nothing is.
std::string IdParam(const Target& target, absl::string_view name);

}  // namespace sluice
