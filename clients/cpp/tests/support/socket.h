// TCP on loopback, for a proxy and for readers that see every byte.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::testing {

// Thread safety: Reset may be called at any time, and ends what blocks; each
// direction is for one thread.
class Socket {
 public:
  // Not connected if nobody listens at `address` (HOST:PORT).
  static Socket Dial(const std::string& address);
  // Listens on a free port of loopback.
  static Socket Listen();

  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&&) = delete;

  bool ok() const { return fd_ >= 0; }
  std::string address() const;

  // Not connected after Reset.
  Socket Accept() const;
  bool Send(std::string_view bytes) const;
  // Blocks; empty: the end, of whatever kind.
  std::string Receive(std::size_t max) const;
  // Breaks the connection as a machine that has crashed would.
  void Reset() const;

 private:
  int fd_ = -1;
};

// The body of an HTTP/1.1 response as it comes, without its chunks.
class Body {
 public:
  // Takes bytes of the response, returns those of the body.
  std::string Feed(std::string_view bytes);
  int status() const { return status_; }

 private:
  std::string Line();
  void TakeHead();
  void TakeChunkSize();

  std::string buffer_;
  int status_ = 0;
  bool chunked_ = false;
  std::size_t chunk_ = 0;  // bytes that are left of it
  bool first_ = true;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// One request of its own; status 0: there was no answer.
HttpAnswer Http(const std::string& address, const std::string& method,
                const std::string& path, const std::string& body = "");

}  // namespace sluice::testing
