#pragma once

#include <httplib.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "bridge/net/request_reader.h"

namespace sluice {

inline constexpr char kJsonType[] = "application/json; charset=utf-8";

// Error answers, all of one shape: {"error":{"code":NAME,"message":...}}, NAME
// a google.rpc.Code. Never of the type text/event-stream, which some clients
// would take for a stream whatever the status.

// Makes `response` that error.
void SetError(httplib::Response& response, int http_status,
              absl::string_view code, absl::string_view message);

// The same for a status that only HTTP has.
void SetRefusal(httplib::Response& response,
                const RequestReader::Refusal& refusal);

// The same, with the HTTP status that bridge/README.md gives the status's code.
void SetError(httplib::Response& response, const absl::Status& status);

// What is said of a topic that is not there.
absl::Status NotThere(absl::string_view topic);

// A whole response to a request that never got as far as a handler. The
// connection closes behind it. `origin`: a page's that may read it, if it is
// known already.
std::string RefusalResponse(const RequestReader::Refusal& refusal,
                            absl::optional<absl::string_view> origin);

}  // namespace sluice
