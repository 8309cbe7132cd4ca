#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bridge/net/socket.h"

namespace sluice {

// An HTTP client that sends exactly the bytes it is told to, and blocks.
class RawClient {
 public:
  // `receive_buffer`: how little the kernel takes in its place; 0: its default.
  explicit RawClient(int port, int receive_buffer = 0);

  // False if the server has closed.
  bool Send(absl::string_view bytes);
  void ShutdownWrite();
  // Leaves with a reset, as if the network had lost it.
  void Reset();

  // Up to `most` bytes more into received(); false at the end or after a
  // deadline, which then is a failure of the test.
  bool ReadSome(size_t most = 64 << 10);

  // Reads until `text` has come (behind `from`); false if it never did.
  bool ReadUntil(absl::string_view text, size_t from = 0);

  // Reads until the server closes, and returns everything.
  const std::string& ReadToEnd();

  std::string& received() { return received_; }
  bool reset() const { return reset_; }

 private:
  Fd fd_;
  std::string received_;
  bool reset_ = false;
};

// The status of the first response in `bytes`; 0 if there is none.
int StatusOf(absl::string_view bytes);

// The head and the body of the one response in `bytes`.
std::string HeadOf(absl::string_view bytes);
std::string BodyOf(absl::string_view bytes);

// What a chunked body holds, as far as its chunks are whole; `complete`: the
// last chunk is there, too.
std::string Unchunk(absl::string_view body, bool* complete);

struct SseEvent {
  std::string id, type, data;
};
bool operator==(const SseEvent& a, const SseEvent& b);

// The whole events of a stream that is written as this server writes.
std::vector<SseEvent> ParseEvents(absl::string_view stream);

}  // namespace sluice
