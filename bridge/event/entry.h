#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "bridge/event/cursor.h"

namespace sluice {

// What a producer publishes, checked (event_rules.h) and not stored yet.
struct EventDraft {
  std::string id;         // empty: none
  std::string type;       // empty: none
  std::string data;       // well-formed UTF-8; line breaks are LF
  bool json = false;      // `data` is JSON
  uint32_t retry_ms = 0;  // 0: none

  // What limits and retention count: payload + id + type.
  size_t size_bytes() const { return id.size() + type.size() + data.size(); }
};

// Why a topic failed.
struct Failure {
  int code = 0;  // a gRPC status code, 1-16
  std::string message;

  bool operator==(const Failure& other) const {
    return code == other.code && message == other.message;
  }
};

// How a topic ends: completed, or failed.
struct End {
  absl::optional<Failure> failure;

  bool operator==(const End& other) const { return failure == other.failure; }
};

// One entry of the log: an event, or the end of a topic. Immutable and shared
// by all that read it, on any thread; the only thing in the bridge that is
// shared so. A store makes it, once the entry has its offset.
class Entry {
 public:
  Entry(Offset offset, absl::Time time,
        std::shared_ptr<const std::string> topic, EventDraft draft);
  Entry(Offset offset, absl::Time time,
        std::shared_ptr<const std::string> topic, End end, bool silent);
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  Offset offset() const { return offset_; }
  absl::Time time() const { return time_; }
  const std::string& topic() const { return *topic_; }

  // True for the end of a topic: then only end() and silent_end() mean
  // something.
  bool is_end() const { return end_ != nullptr; }
  const End& end() const { return *end_; }
  // The topic's streams end without a marker.
  bool silent_end() const { return silent_end_; }

  absl::string_view id() const {
    return absl::string_view(bytes_).substr(0, id_bytes_);
  }
  absl::string_view type() const {
    return absl::string_view(bytes_).substr(id_bytes_, type_bytes_);
  }
  absl::string_view data() const {
    return absl::string_view(bytes_).substr(id_bytes_ + type_bytes_);
  }
  bool json() const { return json_; }
  uint32_t retry_ms() const { return retry_ms_; }
  size_t size_bytes() const { return bytes_.size(); }

 private:
  const Offset offset_;
  const absl::Time time_;
  const std::shared_ptr<const std::string> topic_;
  std::string bytes_;  // id, type and data, one after the other
  const uint8_t id_bytes_ = 0;
  const uint8_t type_bytes_ = 0;
  const bool json_ = false;
  const uint32_t retry_ms_ = 0;
  const bool silent_end_ = false;
  const std::unique_ptr<const End> end_;
};

using EntryRef = std::shared_ptr<const Entry>;

}  // namespace sluice
