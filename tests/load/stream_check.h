#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/load/latency.h"

namespace sluice {

// What many streams brought, and what was wrong with it.
struct Tally {
  uint64_t bytes = 0;
  uint64_t events = 0;
  uint64_t heartbeats = 0;
  uint64_t gaps = 0;        // `sluice.gap`; the numbers may go on elsewhere
  uint64_t duplicates = 0;  // numbers that were not due any more
  uint64_t missing = 0;     // numbers that were passed over
  uint64_t disordered = 0;  // ids that do not grow
  uint64_t split = 0;       // chunks that end within an event or a line
  uint64_t odd = 0;         // bytes that no such stream may have
  Latency latency;
};

// Follows the answer to one request for an event stream as its bytes come, and
// keeps none of them. The producer numbers the events of a topic from 0: an
// event's first line of data is its number and, if it likes, the microsecond of
// CLOCK_MONOTONIC at which it was sent and any padding: `7 123456789 xxxx`.
//
// Thread safety: none.
class StreamCheck {
 public:
  // `now_us`: when the bytes came.
  void Feed(absl::string_view bytes, int64_t now_us, Tally& tally);

  // The next bytes are those of another connection, on which the reader goes on
  // where it is.
  void OnReconnect();

  // 0 until the head is there.
  int status() const { return status_; }
  // The opening's comment has come.
  bool opened() const { return opened_; }

  uint64_t events() const { return events_; }
  uint64_t heartbeats() const { return heartbeats_; }
  // The number that is due.
  uint64_t next() const { return next_; }
  const std::string& last_id() const { return last_id_; }

  // The last one told; 0: none.
  int64_t retry_ms() const { return retry_ms_; }
  // Nothing came after it.
  bool retry_is_last() const { return retry_is_last_; }

  bool done() const { return done_; }  // `[DONE]` has come
  bool last_chunk() const { return place_ == Place::kEnd; }

  // There are bytes, and they end within the head, a chunk or an event.
  bool cut() const;
  // There are none.
  bool empty() const { return place_ == Place::kHead && held_.empty(); }

 private:
  enum class Place { kHead, kSize, kChunk, kChunkEnd, kEnd, kOdd };

  size_t FeedHead(absl::string_view bytes);
  size_t FeedSize(absl::string_view bytes);
  void FeedBody(absl::string_view bytes);
  void OnLine(absl::string_view line);
  void OnId(absl::string_view id);
  void OnFirstData(absl::string_view data);
  void OnEventEnd();

  Tally* tally_ = nullptr;
  int64_t now_us_ = 0;

  Place place_ = Place::kHead;
  std::string held_;   // of the head or a chunk's size: what is not whole
  std::string line_;   // the same of a line
  uint64_t left_ = 0;  // bytes of the chunk, or of the line end behind it
  int status_ = 0;
  bool chunked_ = false;
  bool opened_ = false;
  bool done_ = false;
  bool retry_is_last_ = false;
  int64_t retry_ms_ = 0;

  std::string last_id_;
  uint64_t last_offset_ = 0;
  uint64_t events_ = 0;
  uint64_t heartbeats_ = 0;
  uint64_t next_ = 0;
  bool any_next_ = false;  // behind a gap

  // The event that is coming.
  bool has_fields_ = false;
  bool has_data_ = false;
  bool is_gap_ = false;
  bool is_ours_ = false;  // of a type that carries no number
};

}  // namespace sluice
