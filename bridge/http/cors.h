#pragma once

#include <httplib.h>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "bridge/http/http_options.h"
#include "bridge/net/request_reader.h"

namespace sluice {

// Cross-origin rules (WHATWG Fetch 3.2): an allow-listed origin is echoed, on
// errors too, and nobody else learns anything.

// The origin of the request, if it is on the list.
absl::optional<absl::string_view> ListedOrigin(const RequestHead& request,
                                               const HttpOptions& options);

// Adds the fields that every response has.
void AddCors(const RequestHead& request, const HttpOptions& options,
             httplib::Response& response);

// The answer to OPTIONS: a fixed allow-list, whatever was asked for.
void AnswerPreflight(const RequestHead& request, const HttpOptions& options,
                     httplib::Response& response);

// Whether a request that changes something may come from where it says it comes
// from: from no page at all, from one of the server's own (host and port,
// whatever the scheme, which a proxy may have changed), or from one on the
// list.
bool OriginMayChange(const RequestHead& request, const HttpOptions& options);

}  // namespace sluice
