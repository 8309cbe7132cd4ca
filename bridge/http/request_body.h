#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "bridge/net/body_reader.h"
#include "bridge/net/request_reader.h"

namespace sluice {

// What the bodies of all requests may take together (`request_memory`).
//
// Thread safety: all methods may be called from any thread.
class BodyMemory {
 public:
  explicit BodyMemory(uint64_t limit) : limit_(static_cast<int64_t>(limit)) {}
  BodyMemory(const BodyMemory&) = delete;
  BodyMemory& operator=(const BodyMemory&) = delete;

  // Takes `bytes` more; false, and nothing taken, if they are not there.
  bool Take(int64_t bytes);
  void Give(int64_t bytes) { used_ -= bytes; }

  int64_t used() const { return used_; }

 private:
  const int64_t limit_;
  std::atomic<int64_t> used_{0};
};

// InvalidArgument if the body of `head` is coded (gzip), which nothing here
// undoes.
absl::Status CheckCoding(const RequestHead& head);

// The body of one request as it comes in.
//
// Thread safety: none; a connection's. Lifetime: the memory must outlive it.
class RequestBody {
 public:
  using Refusal = RequestReader::Refusal;

  // One of more than `max_bytes` is refused.
  RequestBody(const RequestHead& head, size_t max_bytes, BodyMemory& memory);
  ~RequestBody() { memory_.Give(taken_); }
  RequestBody(const RequestBody&) = delete;
  RequestBody& operator=(const RequestBody&) = delete;

  // Takes what belongs to the body from the front of `input`, until done() or
  // refusal().
  void Read(absl::string_view& input);

  // Gives it up.
  void Refuse(int http_status, std::string message);

  bool done() const { return done_; }
  const absl::optional<Refusal>& refusal() const { return refusal_; }
  const std::string& text() const { return reader_.body(); }

 private:
  const size_t max_bytes_;
  BodyMemory& memory_;
  int64_t taken_ = 0;
  BodyReader reader_;
  bool done_ = false;
  absl::optional<Refusal> refusal_;
};

}  // namespace sluice
