#include "support/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace sluice::testing {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<in_port_t>(port));
  return address;
}

}  // namespace

Socket Socket::Dial(const std::string& address) {
  Socket dialed(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto to =
      Loopback(std::atoi(address.substr(address.rfind(':') + 1).c_str()));
  if (::connect(dialed.fd_, reinterpret_cast<const sockaddr*>(&to),
                sizeof(to)) != 0) {
    return Socket();
  }
  return dialed;
}

Socket Socket::Listen() {
  Socket listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto at = Loopback(0);
  if (::bind(listening.fd_, reinterpret_cast<const sockaddr*>(&at),
             sizeof(at)) != 0 ||
      ::listen(listening.fd_, 64) != 0) {
    std::abort();
  }
  return listening;
}

Socket::~Socket() {
  if (ok()) ::close(fd_);
}

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

std::string Socket::address() const {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

Socket Socket::Accept() const {
  return Socket(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC));
}

bool Socket::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string Socket::Receive(std::size_t max) const {
  std::string bytes(max, '\0');
  const ssize_t got = ::recv(fd_, bytes.data(), max, 0);
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return bytes;
}

void Socket::Reset() const {
  // To connect to nowhere sends a reset. It does not end an accept.
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  ::shutdown(fd_, SHUT_RD);
  ::connect(fd_, &nowhere, sizeof(nowhere));
}

std::string Body::Feed(std::string_view bytes) {
  buffer_ += bytes;
  if (status_ == 0) TakeHead();
  if (status_ == 0) return "";
  if (!chunked_) return std::exchange(buffer_, "");
  std::string body;
  for (;;) {
    if (chunk_ == 0) TakeChunkSize();
    if (chunk_ == 0 || buffer_.empty()) return body;
    const std::size_t now = std::min(chunk_, buffer_.size());
    body += buffer_.substr(0, now);
    buffer_.erase(0, now);
    chunk_ -= now;
  }
}

void Body::TakeHead() {
  const std::size_t end = buffer_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const std::string head = buffer_.substr(0, end);
  buffer_.erase(0, end + 4);
  status_ = std::atoi(head.c_str() + head.find(' '));
  chunked_ = head.find("Transfer-Encoding: chunked") != std::string::npos;
}

// Its line begins with the end of the chunk before.
void Body::TakeChunkSize() {
  const std::size_t from = first_ ? 0 : 2;
  const std::size_t end = buffer_.find("\r\n", from);
  if (end == std::string::npos) return;
  chunk_ = std::strtoul(buffer_.c_str() + from, nullptr, 16);
  buffer_.erase(0, end + 2);
  first_ = false;
}

HttpAnswer Http(const std::string& address, const std::string& method,
                const std::string& path, const std::string& body) {
  const Socket socket = Socket::Dial(address);
  if (!socket.ok() ||
      !socket.Send(method + " " + path + " HTTP/1.1\r\nHost: " + address +
                   "\r\nContent-Type: application/json\r\nContent-Length: " +
                   std::to_string(body.size()) +
                   "\r\nConnection: close\r\n\r\n" + body)) {
    return {};
  }
  HttpAnswer answer;
  Body response;
  for (;;) {
    const std::string bytes = socket.Receive(64 << 10);
    if (bytes.empty()) break;
    answer.body += response.Feed(bytes);
  }
  answer.status = response.status();
  return answer;
}

}  // namespace sluice::testing
