#include "bridge/base/utf8.h"

#include <cstdint>
#include <cstring>

namespace sluice {

bool IsValidUtf8(absl::string_view text) {
  const auto* p = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* const end = p + text.size();
  while (p != end) {
    // Eight ASCII bytes at a time: most payloads are nothing else.
    if (end - p >= 8) {
      uint64_t word;
      std::memcpy(&word, p, sizeof(word));
      if ((word & 0x8080808080808080u) == 0) {
        p += 8;
        continue;
      }
    }
    const uint8_t lead = *p++;
    if (lead < 0x80) continue;
    int rest;
    uint8_t low = 0x80;
    uint8_t high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
      rest = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      rest = 2;
      if (lead == 0xE0) low = 0xA0;
      if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      rest = 3;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;
    } else {
      return false;
    }
    if (end - p < rest) return false;
    if (*p < low || *p > high) return false;
    ++p;
    for (int i = 1; i < rest; ++i, ++p) {
      if (*p < 0x80 || *p > 0xBF) return false;
    }
  }
  return true;
}

}  // namespace sluice
