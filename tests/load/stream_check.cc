#include "tests/load/stream_check.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace sluice {
namespace {

// The part of a line that is looked at.
constexpr size_t kLineBytes = 96;
constexpr size_t kHeadBytes = 16 << 10;
constexpr size_t kSizeBytes = 18;

constexpr char kHeadEnd[] = "\r\n\r\n";
constexpr char kLineEnd[] = "\r\n";

}  // namespace

void StreamCheck::Feed(absl::string_view bytes, int64_t now_us, Tally& tally) {
  tally_ = &tally;
  now_us_ = now_us;
  tally.bytes += bytes.size();
  while (!bytes.empty()) {
    size_t used = bytes.size();
    switch (place_) {
      case Place::kHead:
        used = FeedHead(bytes);
        break;
      case Place::kSize:
        used = FeedSize(bytes);
        break;
      case Place::kChunk:
        if (chunked_) used = std::min<uint64_t>(used, left_);
        FeedBody(bytes.substr(0, used));
        if (!chunked_) break;
        left_ -= used;
        if (left_ > 0) break;
        if (!line_.empty() || has_fields_) ++tally.split;
        place_ = Place::kChunkEnd;
        left_ = std::strlen(kLineEnd);
        break;
      case Place::kChunkEnd:
        used = std::min<uint64_t>(used, left_);
        left_ -= used;
        if (left_ == 0) place_ = Place::kSize;
        break;
      case Place::kEnd:
        used = std::min<uint64_t>(used, left_);
        left_ -= used;
        if (used == 0) place_ = Place::kOdd;
        break;
      case Place::kOdd:
        tally.odd += used;
        break;
    }
    bytes.remove_prefix(used);
  }
}

void StreamCheck::OnReconnect() {
  StreamCheck fresh;
  fresh.retry_ms_ = retry_ms_;
  fresh.last_id_ = std::move(last_id_);
  fresh.last_offset_ = last_offset_;
  fresh.events_ = events_;
  fresh.heartbeats_ = heartbeats_;
  fresh.next_ = next_;
  fresh.any_next_ = any_next_;
  *this = std::move(fresh);
}

size_t StreamCheck::FeedHead(absl::string_view bytes) {
  const size_t before = held_.size();
  held_.append(bytes.data(), bytes.size());
  const size_t end = held_.find(kHeadEnd);
  if (end == std::string::npos) {
    if (held_.size() > kHeadBytes) place_ = Place::kOdd;
    return bytes.size();
  }
  const absl::string_view head(held_.data(), end);
  if (!absl::StartsWith(head, "HTTP/1.1 ") ||
      !absl::SimpleAtoi(head.substr(9, 3), &status_)) {
    place_ = Place::kOdd;
  } else {
    chunked_ = absl::StrContains(head, "Transfer-Encoding: chunked");
    place_ = chunked_ ? Place::kSize : Place::kChunk;
  }
  const size_t used = end + std::strlen(kHeadEnd) - before;
  held_ = std::string();
  return used;
}

size_t StreamCheck::FeedSize(absl::string_view bytes) {
  const size_t before = held_.size();
  held_.append(bytes.data(), std::min(bytes.size(), kSizeBytes));
  const size_t end = held_.find(kLineEnd);
  if (end == std::string::npos) {
    if (held_.size() > kSizeBytes) place_ = Place::kOdd;
    return bytes.size();
  }
  char* parsed;
  left_ = std::strtoull(held_.c_str(), &parsed, 16);
  if (parsed != held_.c_str() + end) {
    place_ = Place::kOdd;
  } else if (left_ > 0) {
    place_ = Place::kChunk;
  } else {
    place_ = Place::kEnd;
    left_ = std::strlen(kLineEnd);
  }
  held_.clear();
  return end + std::strlen(kLineEnd) - before;
}

void StreamCheck::FeedBody(absl::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const absl::string_view line = bytes.substr(0, end);
    if (line_.empty() && end != absl::string_view::npos) {
      OnLine(line);
    } else {
      const size_t room = kLineBytes - std::min(kLineBytes, line_.size());
      line_.append(line.data(), std::min(line.size(), room));
      if (end == absl::string_view::npos) return;
      OnLine(line_);
      line_.clear();
    }
    bytes.remove_prefix(end + 1);
  }
}

void StreamCheck::OnLine(absl::string_view line) {
  if (line.empty()) {
    OnEventEnd();
    return;
  }
  if (line[0] == ':') {
    opened_ = true;
    if (line == ": heartbeat") {
      ++heartbeats_;
      ++tally_->heartbeats;
    }
    return;
  }
  if (absl::ConsumePrefix(&line, "retry: ")) {
    retry_is_last_ = absl::SimpleAtoi(line, &retry_ms_);
    if (!retry_is_last_) ++tally_->odd;
    return;
  }
  has_fields_ = true;
  retry_is_last_ = false;
  if (absl::ConsumePrefix(&line, "id: ")) {
    OnId(line);
  } else if (absl::ConsumePrefix(&line, "event: ")) {
    is_gap_ = line == "sluice.gap";
    is_ours_ = line == "error" || absl::StartsWith(line, "sluice.");
  } else if (absl::ConsumePrefix(&line, "data: ")) {
    if (!has_data_) OnFirstData(line);
    has_data_ = true;
  } else {
    ++tally_->odd;
  }
}

void StreamCheck::OnId(absl::string_view id) {
  const bool same_log = absl::StartsWith(
      id, absl::string_view(last_id_).substr(0, last_id_.find('-')));
  last_id_ = std::string(id);
  uint64_t offset = 0;
  if (!absl::SimpleAtoi(id.substr(id.find('-') + 1), &offset)) return;
  if (same_log && offset <= last_offset_) ++tally_->disordered;
  last_offset_ = offset;
}

void StreamCheck::OnFirstData(absl::string_view data) {
  if (is_ours_) return;
  if (data == "[DONE]") {
    done_ = true;
    return;
  }
  const std::vector<absl::string_view> words = absl::StrSplit(data, ' ');
  uint64_t number;
  if (!absl::SimpleAtoi(words[0], &number)) {
    ++tally_->odd;
    return;
  }
  if (number < next_ && !any_next_) {
    ++tally_->duplicates;
  } else {
    if (!any_next_) tally_->missing += number - next_;
    next_ = number + 1;
    any_next_ = false;
  }
  ++events_;
  ++tally_->events;
  int64_t sent_us;
  if (words.size() > 1 && absl::SimpleAtoi(words[1], &sent_us)) {
    tally_->latency.Add(now_us_ - sent_us);
  }
}

void StreamCheck::OnEventEnd() {
  if (is_gap_) {
    ++tally_->gaps;
    any_next_ = true;
  }
  if (!has_data_) ++tally_->odd;
  has_fields_ = has_data_ = is_gap_ = is_ours_ = false;
}

bool StreamCheck::cut() const {
  if (empty() || place_ == Place::kEnd || place_ == Place::kOdd) return false;
  const bool at_border = place_ == (chunked_ ? Place::kSize : Place::kChunk);
  return !at_border || !held_.empty() || !line_.empty() || has_fields_;
}

}  // namespace sluice
