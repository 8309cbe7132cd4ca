#pragma once

#include <time.h>

#include <cstdint>

namespace sluice {

// Microseconds of CLOCK_MONOTONIC, which all processes of a machine share.
inline int64_t SteadyUs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

}  // namespace sluice
