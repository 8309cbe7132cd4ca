// The floor that the bridge is measured against: the same gRPC calls in, the
// same bytes out, and nothing in between but what there must be.
//
//   bench_floor LOOPS [discard]   discard: what is published goes nowhere
//
// Prints `floor ready grpc=127.0.0.1:PORT http=127.0.0.1:PORT`; ends with its
// standard input.
#include <grpcpp/support/proto_buffer_reader.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bridge/net/listener.h"
#include "sluice/v1/publisher_service.pb.h"
#include "tests/bench/floor/floor_loop.h"
#include "tests/bench/floor/sink.h"

namespace sluice::bench {
namespace {

// As the bridge's frames are, in one chunk.
Frame ToFrame(uint64_t number, const std::string& text) {
  const std::string event =
      absl::StrCat("id: aaaaaaaaaaaaa-", number, "\ndata: ", text, "\n\n");
  return std::make_shared<const std::string>(
      absl::StrCat(absl::Hex(event.size()), "\r\n", event, "\r\n"));
}

class Floor {
 public:
  explicit Floor(std::vector<Fd> listening) {
    for (Fd& fd : listening)
      loops_.push_back(std::make_unique<FloorLoop>(std::move(fd)));
  }

  void Publish(grpc::ByteBuffer& bytes) {
    v1::PublishRequest request;
    grpc::ProtoBufferReader reader(&bytes);
    if (!request.ParseFromZeroCopyStream(&reader)) return;
    std::vector<Publication> frames;
    for (const v1::Event& event : request.events())
      frames.emplace_back(request.topic(), ToFrame(++number_, event.text()));
    for (const auto& loop : loops_) loop->Publish(frames);
  }

 private:
  std::vector<std::unique_ptr<FloorLoop>> loops_;
  std::atomic<uint64_t> number_{0};
};

int Run(int loops, bool discard) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  signal(SIGPIPE, SIG_IGN);
  auto listening = Listen("127.0.0.1", 0, loops);
  if (!listening.ok()) {
    std::cerr << "bench_floor: " << listening.status() << "\n";
    return 1;
  }
  const int http_port = LocalPort(listening->front());
  Floor floor(*std::move(listening));
  const auto sink = NewSink([&](grpc::ByteBuffer& request) {
    if (!discard) floor.Publish(request);
  });
  std::cout << "floor ready grpc=127.0.0.1:" << sink->port()
            << " http=127.0.0.1:" << http_port << std::endl;
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  int loops;
  if (argc < 2 || !absl::SimpleAtoi(argv[1], &loops) || loops < 1) {
    std::cerr << "usage: bench_floor LOOPS [discard]\n";
    return 2;
  }
  return sluice::bench::Run(loops, argc > 2);
}
