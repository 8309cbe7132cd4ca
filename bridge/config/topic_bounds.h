#pragma once

#include "absl/time/time.h"
#include "bridge/config/option.h"

namespace sluice {

// What a topic's retention may be, for the server's settings and for a rule's.
inline constexpr Bounds<uint64_t> kRetentionEventsBounds{1, 1000000000};
inline constexpr Bounds<uint64_t> kRetentionBytesBounds{1, 1024 * kGiB};
inline constexpr Bounds<absl::Duration> kRetentionAgeBounds{absl::Seconds(1),
                                                            absl::Hours(8760)};

}  // namespace sluice
