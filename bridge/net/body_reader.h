#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "bridge/net/request_reader.h"

namespace sluice {

// Reads the body of one request out of bytes that come in pieces: as many as
// Content-Length says, or chunked (RFC 9112 6.3 and 7.1). Chunk extensions and
// trailers are passed over, within bounds; lines end with CRLF and nothing
// else.
//
// Thread safety: none; a connection's.
class BodyReader {
 public:
  enum class Progress { kNeedMore, kReady, kTooLarge, kMalformed };

  // The body of the request with that head; one of more than `max_bytes` is too
  // large, as soon as that is known.
  BodyReader(const RequestHead& head, size_t max_bytes);

  // Takes what belongs to the body from the front of `input`. Ready: body() is
  // whole, and `input` begins behind it.
  Progress Read(absl::string_view& input);

  std::string& body() { return body_; }
  const std::string& body() const { return body_; }

 private:
  enum class Part { kData, kChunkSize, kChunkEnd, kTrailer, kDone };

  Progress TakeData(absl::string_view& input);
  Progress TakeLine(absl::string_view& input);
  Progress OnLine();

  const size_t max_bytes_;
  const bool chunked_;
  Part part_;
  uint64_t left_ = 0;  // of the body, or of the chunk
  std::string body_;
  std::string line_;
  size_t trailer_bytes_ = 0;
};

}  // namespace sluice
