// The little JSON that the command line meets; protobuf does the parsing.
#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sluice {

// `text` as one JSON value. INVALID_ARGUMENT: it is not JSON; the message says
// why, without a period. Protobuf is a little kinder than RFC 8259: single
// quotes, bare keys and a last comma pass.
absl::StatusOr<google::protobuf::Value> ParseJson(absl::string_view text);

// The string at `key` of an object; empty if there is none.
std::string StringField(const google::protobuf::Struct& object,
                        const std::string& key);

// `text` as a JSON string, quotes included (RFC 8259 7). Each sequence in it
// that is not UTF-8 becomes U+FFFD, the rest stays.
std::string JsonQuote(std::string text);

}  // namespace sluice
