#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "bridge/net/target.h"

namespace sluice {

inline constexpr size_t kMaxRequestLineBytes = 8 << 10;
inline constexpr size_t kMaxHeadBytes = 16 << 10;
inline constexpr size_t kMaxFields = 100;

// The head of one HTTP request, checked.
struct RequestHead {
  std::string method;
  Target target;
  int minor_version = 1;  // of HTTP/1
  std::vector<std::pair<std::string, std::string>>
      fields;                   // names in lower case, in order
  uint64_t content_length = 0;  // of the body; 0 also if it is chunked
  bool chunked = false;         // the body comes in chunks
  bool keep_alive = true;       // the client would go on after the answer

  // The first field of that name (in lower case), or nothing.
  absl::optional<absl::string_view> Field(absl::string_view name) const;

  // Bytes follow that belong to it.
  bool has_body() const { return content_length > 0 || chunked; }
};

// Reads the head of a request out of bytes that come in pieces, and refuses
// everything that parsers are known to disagree about (RFC 9112 2.2, 3, 5, 6.3
// and 11.2): bare CR or LF, NUL and other controls, folding, space around a
// field's name, Content-Length together with Transfer-Encoding or repeated or
// signed, an invalid or missing Host, versions other than 1.0 and 1.1.
//
// Thread safety: none; a connection's.
class RequestReader {
 public:
  enum class Progress { kNeedMore, kReady, kRefused };

  // Why a request is refused: an HTTP status, and a sentence for the client.
  struct Refusal {
    int http_status = 400;
    std::string message;
  };

  // Looks at `input`, all that has come of this request so far; each call's
  // begins with the bytes of the one before. Ready: head() is there and has
  // used the first head_bytes() of it. Refused: refusal() says why, and nothing
  // behind it can be understood. Looks again only at a last line that is not
  // complete.
  Progress Read(absl::string_view input);

  RequestHead& head() { return head_; }
  size_t head_bytes() const { return head_bytes_; }
  const Refusal& refusal() const { return refusal_; }

  // For the next request.
  void Reset() { *this = RequestReader(); }

 private:
  Progress Refuse(int http_status, std::string message);
  bool ParseRequestLine(absl::string_view line);
  bool ParseField(absl::string_view line);
  bool CheckFields();

  size_t seen_ = 0;  // bytes of the input that have been searched
  bool line_done_ = false;
  size_t head_bytes_ = 0;
  RequestHead head_;
  Refusal refusal_;
};

}  // namespace sluice
