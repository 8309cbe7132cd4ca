// What the bridge would be with cpp-httplib as it comes: the same gRPC side,
// store and hub, and a thread for each reader, which waits for events in its
// content provider.
//
//   bench_threads
//   bench_threads version   prints that of cpp-httplib
//
// cpp-httplib listens with a backlog of 5, which drops most of those who come
// at once; so it is raised on the socket that it has bound.
//
// Prints `threads ready grpc=127.0.0.1:PORT http=127.0.0.1:PORT`; ends with its
// standard input.
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <thread>

#include "bridge/config/config.h"
#include "bridge/grpc/server.h"
#include "bridge/hub/hub.h"
#include "bridge/store/memory_store.h"
#include "tests/bench/threads/thread_each.h"
#include "tests/bench/threads/waiting_reader.h"

namespace sluice::bench {
namespace {

constexpr char kHost[] = "127.0.0.1";
constexpr int kBacklog = 65535;
// For a request. When thousands come at once, the thread that accepts is one
// among thousands, and requests are resent by TCP until it has come to them;
// the 5 seconds of cpp-httplib would send many away.
constexpr time_t kPatienceSeconds = 60;

class HttpServer final : public httplib::Server {
 public:
  explicit HttpServer(Hub& hub) {
    new_task_queue = [] { return new ThreadEach; };
    set_tcp_nodelay(true);
    set_write_timeout(absl::ToChronoSeconds(Config().write_timeout));
    set_keep_alive_timeout(kPatienceSeconds);
    set_read_timeout(kPatienceSeconds);
    Get("/v1/topics/([^/]+)/events",
        [&hub](const httplib::Request& request, httplib::Response& response) {
          const auto reader =
              std::make_shared<WaitingReader>(hub, request.matches[1]);
          response.set_chunked_content_provider(
              "text/event-stream", [reader](size_t, httplib::DataSink& sink) {
                return reader->Provide(sink);
              });
        });
  }

  // The port; 0 if there is none.
  int Bind() {
    const int port = bind_to_any_port(kHost);
    return port > 0 && ::listen(svr_sock_, kBacklog) == 0 ? port : 0;
  }
};

void RaiseDescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int Run() {
  RaiseDescriptorLimit();
  signal(SIGPIPE, SIG_IGN);
  Hub hub;
  const std::unique_ptr<Store> store =
      NewMemoryStore({}, [&hub](absl::Span<const EntryRef> committed) {
        hub.OnCommitted(committed);
      });
  hub.SetStore(store.get());
  HttpServer http(hub);
  const int http_port = http.Bind();
  GrpcServerOptions options;
  options.listen = "127.0.0.1:0";
  options.publish.message_types = MessageTypes::WellKnown();
  GrpcServer grpc(hub, options);
  if (http_port == 0 || !grpc.Start().ok()) {
    std::cerr << "bench_threads: cannot listen\n";
    return 1;
  }
  std::thread([&http] { http.listen_after_bind(); }).detach();
  std::cout << "threads ready grpc=127.0.0.1:" << grpc.port()
            << " http=127.0.0.1:" << http_port << std::endl;
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  // Its threads wait, and nothing would wake them all.
  _exit(0);
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char**) {
  if (argc == 1) return sluice::bench::Run();
  std::cout << CPPHTTPLIB_VERSION << "\n";
  return 0;
}
