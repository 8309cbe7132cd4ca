#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>

namespace sluice::bench {

// sluice.v1.PublisherService/Publish as bare as gRPC makes it: request after
// request is read as raw bytes and handed over, and the next one is asked for.
//
// Thread safety: `on_request` is called on gRPC's threads.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual int port() const = 0;
};

using OnRequest = std::function<void(grpc::ByteBuffer& request)>;

// Listens on a free port of 127.0.0.1.
std::unique_ptr<Sink> NewSink(OnRequest on_request);

}  // namespace sluice::bench
