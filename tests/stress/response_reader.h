#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace sluice {

// One response of the server, taken in as its bytes come: the head, and a
// stream's body in the pieces in which it was sent.
//
// A piece is a whole chunk. To a reader of HTTP/1.0, who gets no chunks, it is
// an event, or a line that belongs to none.
class ResponseReader {
 public:
  explicit ResponseReader(bool head_only = false) : head_only_(head_only) {}

  // False if the bytes are no response of this server; `error` says why.
  bool Feed(absl::string_view bytes);

  int status() const { return status_; }  // 0: the head is not there yet
  const std::string& head() const { return head_; }
  bool streams() const { return streams_; }
  bool chunked() const { return chunked_; }

  // The pieces since the last call.
  std::vector<std::string> TakePieces();

  // The response is whole, and nothing may follow: of a stream, the last chunk
  // was there.
  bool complete() const { return complete_; }
  // Bytes are there that do not make a piece yet.
  bool in_a_piece() const { return !buffer_.empty(); }

  const std::string& error() const { return error_; }

 private:
  void Take();
  bool TakeHead();
  bool TakeChunk();
  bool TakeRaw();
  void TakeBody();
  bool Wrong(absl::string_view what);

  const bool head_only_;
  std::string buffer_;
  absl::string_view rest_;  // of the buffer, within Feed
  std::string head_;
  int status_ = 0;
  bool streams_ = false;
  bool chunked_ = false;
  size_t length_ = 0;  // of a body that has one
  bool complete_ = false;
  std::vector<std::string> pieces_;
  std::string error_;
};

}  // namespace sluice
