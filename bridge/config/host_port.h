#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sluice {

// An address to listen on, as the settings give it. A plain value.
struct HostPort {
  std::string host;  // a name, an IPv4 or an IPv6 address without its brackets;
                     // empty for every interface
  uint16_t port = 0;  // 0: any free port

  // HOST:PORT again, an IPv6 host in brackets. ParseHostPort reads it back.
  std::string ToString() const;

  // True for `localhost`, 127.0.0.0/8 and ::1. Other names are not looked up,
  // so they count as reachable from outside.
  bool IsLoopback() const;
};

inline bool operator==(const HostPort& a, const HostPort& b) {
  return a.host == b.host && a.port == b.port;
}

// Reads HOST:PORT, or InvalidArgument with what is wrong. Looks no name up.
absl::StatusOr<HostPort> ParseHostPort(absl::string_view text);

}  // namespace sluice
