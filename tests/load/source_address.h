#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

#include "bridge/net/socket.h"

namespace sluice {

// Ports of one address are given to connections that have just closed only
// after a while; there are plenty of addresses on the loopback interface.
// Gives the `connection`th of a process its own.
inline bool BindSourceAddress(const Fd& fd, uint64_t connection) {
  constexpr uint64_t kPortsAnAddress = 8192;
  constexpr uint64_t kAddresses = 200;
  const int late = 1;  // the port is chosen with the peer known
  setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late,
             sizeof(late));
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr =
      htonl(INADDR_LOOPBACK +
            static_cast<uint32_t>(connection / kPortsAnAddress % kAddresses));
  return bind(fd.get(), reinterpret_cast<const sockaddr*>(&source),
              sizeof(source)) == 0;
}

}  // namespace sluice
