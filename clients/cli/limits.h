// What the command line takes in at once, far above what a bridge takes: it
// only keeps memory bounded.
#pragma once

#include <cstddef>

namespace sluice {

// One event: a line, the whole of standard input, one event of an upstream.
inline constexpr std::size_t kMaxInputEventBytes = std::size_t{64} << 20;

// One event in JSON, where a byte may take six (`\u0001`).
inline constexpr std::size_t kMaxJsonEventBytes = 7 * kMaxInputEventBytes;

}  // namespace sluice
