#include "bridge/config/host_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace sluice {
namespace {

constexpr size_t kMaxHostBytes = 253;  // RFC 1035 2.3.4, without the last dot

bool IsHostByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
         c == '-' || c == '_';
}

bool IsDigit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c));
}

bool IsIpv4(const std::string& host) {
  in_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool IsIpv6(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// A name whose last label is a number is meant as an IPv4 address (WHATWG URL
// 3.5): getaddrinfo would read `127.1` or `0` in ways that few expect.
bool EndsInNumber(absl::string_view host) {
  const absl::string_view label = host.substr(host.rfind('.') + 1);
  return !label.empty() && std::all_of(label.begin(), label.end(), IsDigit);
}

absl::Status CheckHost(const std::string& host) {
  if (host.size() > kMaxHostBytes ||
      !std::all_of(host.begin(), host.end(), IsHostByte)) {
    return absl::InvalidArgumentError(
        "the host is neither a name nor an address (IPv6 goes in brackets)");
  }
  if (EndsInNumber(host) && !IsIpv4(host))
    return absl::InvalidArgumentError("the host is not an IPv4 address");
  return absl::OkStatus();
}

}  // namespace

std::string HostPort::ToString() const {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port)
                                      : absl::StrCat(host, ":", port);
}

bool HostPort::IsLoopback() const {
  if (absl::EqualsIgnoreCase(host, "localhost")) return true;
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1)
    return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) ||
         (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

absl::StatusOr<HostPort> ParseHostPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos)
    return absl::InvalidArgumentError("the port is missing");
  absl::string_view host = text.substr(0, colon);
  const absl::string_view port = text.substr(colon + 1);

  HostPort result;
  const bool brackets = absl::ConsumePrefix(&host, "[");
  if (brackets && !absl::ConsumeSuffix(&host, "]"))
    return absl::InvalidArgumentError("a bracket or the port is missing");
  result.host = std::string(host);
  if (brackets && !IsIpv6(result.host))
    return absl::InvalidArgumentError("what is in brackets is not IPv6");
  if (!brackets) {
    if (absl::Status status = CheckHost(result.host); !status.ok())
      return status;
  }

  uint32_t number = 0;
  if (port.size() > 5 || !std::all_of(port.begin(), port.end(), IsDigit) ||
      !absl::SimpleAtoi(port, &number) || number > 65535)
    return absl::InvalidArgumentError("the port is not a number, 0 to 65535");
  result.port = static_cast<uint16_t>(number);
  return result;
}

}  // namespace sluice
