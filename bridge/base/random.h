#pragma once

#include <cstdint>
#include <string>

namespace sluice {

// From the operating system's random device: what nobody can guess.
//
// Thread safety: functions without state. They block only until the system has
// gathered its first randomness after the boot.

uint64_t RandomNumber();

// 128 bits as 26 characters of lower-case base32 (RFC 4648, a-z2-7).
std::string RandomName();

}  // namespace sluice
