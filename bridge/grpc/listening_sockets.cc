#include "bridge/grpc/listening_sockets.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace sluice {
namespace {

constexpr int kBacklog = 4096;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  in_port_t& port() {
    return storage.ss_family == AF_INET6
               ? reinterpret_cast<sockaddr_in6&>(storage).sin6_port
               : reinterpret_cast<sockaddr_in&>(storage).sin_port;
  }
};

bool operator==(const Address& a, const Address& b) {
  return a.length == b.length &&
         std::memcmp(&a.storage, &b.storage, a.length) == 0;
}

// Every address of the name, each once.
absl::StatusOr<std::vector<Address>> Resolve(const std::string& host,
                                             const std::string& port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* infos = nullptr;
  const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &infos);
  if (error != 0) return absl::UnavailableError(gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> free_infos(
      infos, freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* info = infos; info != nullptr; info = info->ai_next) {
    Address address;
    std::memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
    address.length = info->ai_addrlen;
    bool known = false;
    for (const Address& other : addresses) known |= other == address;
    if (!known) addresses.push_back(address);
  }
  return addresses;
}

// -1 and errno if it fails.
int ListenOn(Address address, absl::Duration user_timeout) {
  const int fd = socket(address.storage.ss_family,
                        SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  const auto set = [fd](int level, int option, int value) {
    setsockopt(fd, level, option, &value, sizeof(value));
  };
  set(SOL_SOCKET, SO_REUSEADDR, 1);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT,
      static_cast<int>(absl::ToInt64Milliseconds(user_timeout)));
  // So "::" serves IPv4, too, whatever the system's default is.
  if (address.storage.ss_family == AF_INET6) set(IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(fd, address.get(), address.length) == 0 &&
      listen(fd, kBacklog) == 0) {
    return fd;
  }
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

absl::StatusOr<std::vector<int>> ListenAt(const std::string& host,
                                          const std::string& port,
                                          absl::Duration user_timeout) {
  auto addresses = Resolve(host, port);
  if (!addresses.ok()) return addresses.status();
  std::vector<int> listening;
  int error = 0;
  for (Address& address : *addresses) {
    // What the first one got is the port of all.
    if (!listening.empty()) {
      address.port() = htons(static_cast<uint16_t>(PortOf(listening.front())));
    }
    const int fd = ListenOn(address, user_timeout);
    if (fd >= 0) {
      listening.push_back(fd);
      continue;
    }
    error = errno;
    // A name may have addresses of a family that this machine does not have.
    if (error != EADDRNOTAVAIL && error != EAFNOSUPPORT) break;
    if (!listening.empty()) error = 0;
  }
  if (error == 0) return listening;
  for (const int fd : listening) close(fd);
  return absl::UnavailableError(std::strerror(error));
}

}  // namespace

absl::StatusOr<std::vector<int>> ListenOnAll(const std::string& address,
                                             absl::Duration user_timeout) {
  const size_t colon = address.rfind(':');
  absl::string_view host = absl::string_view(address).substr(0, colon);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  const std::string port = address.substr(colon + 1);

  const bool every = host.empty();
  auto listening =
      ListenAt(every ? "::" : std::string(host), port, user_timeout);
  // IPv6 may be turned off.
  if (!listening.ok() && every) {
    listening = ListenAt("0.0.0.0", port, user_timeout);
  }
  if (listening.ok()) return listening;
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", address,
                   " for gRPC: ", listening.status().message()));
}

int PortOf(int listening) {
  Address address;
  getsockname(listening, address.get(), &address.length);
  return ntohs(address.port());
}

}  // namespace sluice
