#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice {

inline constexpr size_t kMaxIdBytes = 128;
inline constexpr size_t kMaxTypeBytes = 128;
inline constexpr absl::Duration kMinRetry = absl::Milliseconds(100);
inline constexpr absl::Duration kMaxRetry = absl::Hours(24);

// The text that stands for the end of a stream, and so cannot be an event's.
inline constexpr absl::string_view kDoneMarker = "[DONE]";

// What an event may be, a field at a time. Each is OK, or InvalidArgument with
// a sentence for the producer.

// 1-128 bytes of [A-Za-z0-9._~+/=-], not shaped like a cursor. Anything else
// makes common clients stop reconnecting, or browsers ask for a CORS preflight.
absl::Status CheckEventId(absl::string_view id);

// Up to 128 bytes of UTF-8 without control characters; not `open`, which would
// call a page's `onopen`, and nothing under `sluice.`.
absl::Status CheckEventType(absl::string_view type);

// UTF-8 without U+0000, which Firefox drops, and not the end marker.
absl::Status CheckText(absl::string_view text);

// 100 ms to 24 h: clients reconnect in a hot loop at 0 and from 2^31 ms.
absl::Status CheckRetry(absl::Duration retry);

// 1-16, the gRPC status codes that are errors.
absl::Status CheckFailureCode(int code);

// `text` with each CR and CRLF made LF, as every SSE reader would see it
// (WHATWG HTML 9.2.6).
std::string NormalizeLineBreaks(std::string text);

}  // namespace sluice
