#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sluice::bench {

// Where events go in.
//
// Thread safety: one thread at a time.
class Publisher {
 public:
  virtual ~Publisher() = default;

  // Hands over one request. May return before the server has it; waits if the
  // server takes no more. `more`: another follows at once.
  virtual absl::Status Publish(const std::string& topic,
                               const std::vector<std::string>& texts, bool end,
                               bool more) = 0;

  // Waits until the server has all of it.
  virtual absl::Status Finish() = 0;
};

// One call of sluice.v1.PublisherService/Publish at 127.0.0.1. `hints`: says
// whether another request follows, so that several leave in one write.
std::unique_ptr<Publisher> NewGrpcPublisher(uint16_t port, bool hints);

// How an HTTP server is published to. `{topic}` and `{data}` stand for what
// their names say, in all three.
struct HttpRoute {
  uint16_t port = 0;
  std::string target;
  std::string head;  // fields, each with its line end; no Content-Length
  std::string body;
};

// A POST for each text, up to 16 on their way on one kept connection (RFC 9112
// 9.3.2).
absl::StatusOr<std::unique_ptr<Publisher>> NewHttpPublisher(HttpRoute route);

}  // namespace sluice::bench
