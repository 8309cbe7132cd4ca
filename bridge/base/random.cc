#include "bridge/base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace sluice {
namespace {

void Fill(void* bytes, size_t size) {
  // Up to 256 bytes come whole or not at all: getrandom(2).
  ssize_t got;
  do {
    got = getrandom(bytes, size, 0);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(size)) std::abort();
}

}  // namespace

uint64_t RandomNumber() {
  uint64_t number;
  Fill(&number, sizeof(number));
  return number;
}

std::string RandomName() {
  unsigned char bytes[16];
  Fill(bytes, sizeof(bytes));
  std::string name;
  name.reserve(26);
  uint32_t bits = 0;
  int waiting = 0;
  for (const unsigned char byte : bytes) {
    bits = (bits << 8) | byte;
    for (waiting += 8; waiting >= 5; waiting -= 5) {
      name.push_back(
          "abcdefghijklmnopqrstuvwxyz234567"[(bits >> (waiting - 5)) & 31]);
    }
  }
  name.push_back(
      "abcdefghijklmnopqrstuvwxyz234567"[(bits << (5 - waiting)) & 31]);
  return name;
}

}  // namespace sluice
