#include "tests/stress/response_reader.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sluice {

bool ResponseReader::Feed(absl::string_view bytes) {
  buffer_.append(bytes.data(), bytes.size());
  rest_ = buffer_;
  Take();
  if (complete_ && !rest_.empty()) Wrong("bytes behind the response");
  buffer_.erase(0, buffer_.size() - rest_.size());
  return error_.empty();
}

void ResponseReader::Take() {
  if (status_ == 0 && !TakeHead()) return;
  if (!streams_ || head_only_) {
    TakeBody();
    return;
  }
  while (chunked_ ? TakeChunk() : TakeRaw()) {
  }
}

std::vector<std::string> ResponseReader::TakePieces() {
  return std::exchange(pieces_, {});
}

bool ResponseReader::Wrong(absl::string_view what) {
  error_ = absl::StrCat(what, ": ", rest_.substr(0, 200));
  return false;
}

bool ResponseReader::TakeHead() {
  const size_t end = rest_.find("\r\n\r\n");
  if (!absl::StartsWith(rest_,
                        absl::string_view("HTTP/1.1 ").substr(0, rest_.size())))
    return Wrong("no HTTP response");
  if (end == absl::string_view::npos) return false;
  head_ = std::string(rest_.substr(0, end + 4));
  rest_.remove_prefix(end + 4);
  if (!absl::SimpleAtoi(head_.substr(9, 3), &status_))
    return Wrong("no HTTP response");
  streams_ = absl::StrContains(head_, "\r\nContent-Type: text/event-stream");
  chunked_ = absl::StrContains(head_, "\r\nTransfer-Encoding: chunked\r\n");
  constexpr absl::string_view kLength = "\r\nContent-Length: ";
  const size_t at = head_.find(kLength.data(), 0, kLength.size());
  if (at == std::string::npos) return true;
  const size_t from = at + kLength.size();
  return absl::SimpleAtoi(head_.substr(from, head_.find('\r', from) - from),
                          &length_) ||
         Wrong("no length");
}

void ResponseReader::TakeBody() {
  const size_t length = head_only_ ? 0 : length_;
  if (complete_ || rest_.size() < length) return;
  rest_.remove_prefix(length);
  complete_ = true;
}

bool ResponseReader::TakeChunk() {
  const size_t line_end = rest_.find("\r\n");
  if (complete_ || line_end == absl::string_view::npos) return false;
  uint64_t size = 0;
  if (!absl::SimpleHexAtoi(rest_.substr(0, line_end), &size))
    return Wrong("no chunk");
  const size_t begin = line_end + 2;
  if (rest_.size() < begin + size + 2) return false;
  if (rest_.substr(begin + size, 2) != "\r\n")
    return Wrong("a chunk of another length");
  if (size == 0) {
    complete_ = true;
  } else {
    pieces_.emplace_back(rest_.substr(begin, size));
  }
  rest_.remove_prefix(begin + size + 2);
  return true;
}

bool ResponseReader::TakeRaw() {
  const absl::string_view stop =
      absl::StartsWith(rest_, "id: ") ? "\n\n" : "\n";
  const size_t at = rest_.find(stop);
  if (at == absl::string_view::npos) return false;
  pieces_.emplace_back(rest_.substr(0, at + stop.size()));
  rest_.remove_prefix(at + stop.size());
  return true;
}

}  // namespace sluice
