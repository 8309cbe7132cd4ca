#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/optional.h"

namespace sluice {

// Event streams as WHATWG HTML 9.2.6 reads them, step by step and without a
// thought of speed; shares nothing with the bridge or its clients.

struct SeenEvent {
  std::string type;  // empty: a browser's `message`
  std::string data;
  std::string last_event_id;
  absl::optional<uint64_t> retry_ms;  // the last one told so far
};

// The events of a whole stream. What the end of the stream cuts off is dropped.
inline std::vector<SeenEvent> ReadEventStream(std::string stream) {
  if (stream.rfind("\xEF\xBB\xBF", 0) == 0) stream.erase(0, 3);
  std::vector<SeenEvent> events;
  std::string type;
  std::string data;
  std::string last_event_id;
  absl::optional<uint64_t> retry_ms;
  std::string line;
  for (size_t at = 0; at < stream.size(); ++at) {
    if (stream[at] != '\n' && stream[at] != '\r') {
      line += stream[at];
      continue;
    }
    if (stream[at] == '\r' && at + 1 < stream.size() && stream[at + 1] == '\n')
      ++at;
    if (line.empty()) {
      if (!data.empty()) {
        data.pop_back();
        events.push_back({type, data, last_event_id, retry_ms});
      }
      type.clear();
      data.clear();
      continue;
    }
    const size_t colon = line.find(':');
    const std::string name = line.substr(0, colon);
    std::string value;
    if (colon != std::string::npos) value = line.substr(colon + 1);
    if (!value.empty() && value[0] == ' ') value.erase(0, 1);
    if (name == "event") type = value;
    if (name == "data") data += value + '\n';
    if (name == "id" && value.find('\0') == std::string::npos)
      last_event_id = value;
    if (name == "retry" && !value.empty() && value.size() < 19 &&
        value.find_first_not_of("0123456789") == std::string::npos)
      retry_ms = std::stoull(value);
    line.clear();
  }
  return events;
}

}  // namespace sluice
