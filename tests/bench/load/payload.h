#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace sluice::bench {

// What is published carries its number within its topic, from 0 on, and when it
// was sent, in microseconds of CLOCK_REALTIME, by which the kernel notes
// arrivals: `~7.123456789~xxxx`. No server has a reason to escape any of it,
// and readers find it in whatever stands around it.
constexpr char kMark = '~';

// No number is longer.
constexpr size_t kMaxMarkedBytes = 48;

struct Payload {
  uint64_t number = 0;
  int64_t sent_us = 0;
};

// `bytes` long, or as short as it can be.
inline std::string ToText(const Payload& payload, size_t bytes) {
  std::string text =
      absl::StrCat("~", payload.number, ".", payload.sent_us, "~");
  if (text.size() < bytes) text.resize(bytes, 'x');
  return text;
}

// `marked`: what stands between the marks.
inline absl::optional<Payload> FromText(absl::string_view marked) {
  const size_t point = marked.find('.');
  Payload payload;
  if (point == absl::string_view::npos ||
      !absl::SimpleAtoi(marked.substr(0, point), &payload.number) ||
      !absl::SimpleAtoi(marked.substr(point + 1), &payload.sent_us))
    return absl::nullopt;
  return payload;
}

}  // namespace sluice::bench
