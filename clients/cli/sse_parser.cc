#include "clients/cli/sse_parser.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace sluice {
namespace {

// Nothing if `value` is not all digits. A number that nobody would wait for is
// as good as the largest.
absl::optional<absl::Duration> ParseRetry(absl::string_view value) {
  if (value.empty() || !std::all_of(value.begin(), value.end(), [](char c) {
        return absl::ascii_isdigit(static_cast<unsigned char>(c));
      })) {
    return absl::nullopt;
  }
  std::uint32_t milliseconds = 0;
  const bool fits = absl::SimpleAtoi(value, &milliseconds);
  return absl::Milliseconds(fits ? milliseconds
                                 : std::numeric_limits<std::uint32_t>::max());
}

}  // namespace

void SseParser::Restart(std::string last_event_id) {
  line_.clear();
  after_cr_ = false;
  first_line_ = true;
  type_.clear();
  data_.clear();
  id_.reset();
  last_event_id_ = dispatched_id_ = std::move(last_event_id);
}

absl::Status SseParser::Feed(absl::string_view bytes,
                             std::vector<SseEvent>& events) {
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const auto end = bytes.find_first_of("\r\n");
    absl::StrAppend(&line_, bytes.substr(0, end));
    if (line_.size() > max_bytes_) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "a line of the event stream is longer than ", max_bytes_));
    }
    if (end == absl::string_view::npos) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (absl::Status status = Line(line_, events); !status.ok()) return status;
    line_.clear();
  }
  return absl::OkStatus();
}

absl::Status SseParser::Line(absl::string_view line,
                             std::vector<SseEvent>& events) {
  if (std::exchange(first_line_, false))
    line = absl::StripPrefix(line, "\xEF\xBB\xBF");
  if (line.empty()) {
    Dispatch(events);
    return absl::OkStatus();
  }
  const auto colon = line.find(':');
  if (colon == absl::string_view::npos) {
    Field(line, "");
  } else {
    // An empty name is a comment, which Field knows nothing of.
    Field(line.substr(0, colon),
          absl::StripPrefix(line.substr(colon + 1), " "));
  }
  if (data_.size() > max_bytes_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("an event's data is larger than ", max_bytes_, " bytes"));
  }
  return absl::OkStatus();
}

void SseParser::Field(absl::string_view name, absl::string_view value) {
  if (name == "data") {
    absl::StrAppend(&data_, value, "\n");
  } else if (name == "event") {
    type_ = std::string(value);
  } else if (name == "id" && value.find('\0') == absl::string_view::npos) {
    id_ = std::string(value);
    last_event_id_ = *id_;
  } else if (name == "retry") {
    if (const auto retry = ParseRetry(value)) retry_ = retry;
  }
}

void SseParser::Dispatch(std::vector<SseEvent>& events) {
  SseEvent event{std::exchange(type_, {}), std::exchange(data_, {}),
                 std::exchange(id_, absl::nullopt), last_event_id_};
  dispatched_id_ = last_event_id_;
  // No data line at all: nothing is dispatched, but the id stands.
  if (event.data.empty()) return;
  event.data.pop_back();
  events.push_back(std::move(event));
}

}  // namespace sluice
