// Thousands of readers of event streams in one process, told what to do line by
// line on standard input; each line is answered with one line of JSON, the
// report of the group that it names. Ends with its input.
//
//   sse_fleet PORT          of a server on 127.0.0.1
//
//   open GROUP COUNT TARGET [never] [stop=BYTES] [drip=BYTES] [rcvbuf=BYTES]
//                           [accept=TYPE] [back]
//                           COUNT more clients; what else is said counts for
//                           the group's first ones
//   report GROUP
//   clear GROUP             forgets how long deliveries took
//   resume GROUP            all of its clients read everything from now on
//   close GROUP [reset]     and forgets the group
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/load/fleet.h"

namespace sluice {
namespace {

using Words = std::vector<std::string>;

bool ParseClientOption(absl::string_view word, ClientOptions& options) {
  if (word == "never") return options.never = true;
  if (word == "back") return options.comes_back = true;
  if (absl::ConsumePrefix(&word, "accept=")) {
    options.accept = std::string(word);
    return true;
  }
  if (absl::ConsumePrefix(&word, "stop=")) {
    return absl::SimpleAtoi(word, &options.stop_after);
  }
  if (absl::ConsumePrefix(&word, "drip=")) {
    return absl::SimpleAtoi(word, &options.bytes_per_second);
  }
  return absl::ConsumePrefix(&word, "rcvbuf=") &&
         absl::SimpleAtoi(word, &options.receive_buffer);
}

// False if it cannot be understood.
bool Open(const Words& words, Fleet& fleet) {
  size_t count;
  if (words.size() < 4 || !absl::SimpleAtoi(words[2], &count)) return false;
  ClientOptions options;
  options.target = words[3];
  for (size_t i = 4; i < words.size(); ++i) {
    if (!ParseClientOption(words[i], options)) return false;
  }
  fleet.Open(words[1], count, options);
  return true;
}

std::string Answer(absl::string_view line, Fleet& fleet) {
  const Words words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  const std::string bad = "{\"error\":\"not understood\"}";
  if (words.size() < 2) return bad;
  if (words[0] == "open" && !Open(words, fleet)) return bad;
  FleetGroup* const group = fleet.Find(words[1]);
  if (group == nullptr) return "{\"error\":\"there is no such group\"}";
  if (words[0] == "clear") group->ClearLatency();
  if (words[0] == "resume") group->Resume();
  const std::string report = group->Report();
  if (words[0] == "close") {
    fleet.Close(words[1], words.size() > 2 && words[2] == "reset");
  }
  return report;
}

// Standard input.
class Console final : public EventLoop::Handler {
 public:
  Console(EventLoop& loop, Fleet& fleet) : loop_(loop), fleet_(fleet) {
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
  }

  void OnEvents(uint32_t) override {
    char bytes[4096];
    for (;;) {
      const ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));
      if (got < 0) return;
      if (got == 0) return loop_.Stop();
      input_.append(bytes, static_cast<size_t>(got));
      for (size_t end; (end = input_.find('\n')) != std::string::npos;
           input_.erase(0, end + 1)) {
        std::cout << Answer(absl::string_view(input_).substr(0, end), fleet_)
                  << std::endl;
      }
    }
  }

 private:
  EventLoop& loop_;
  Fleet& fleet_;
  std::string input_;
};

void RaiseDescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int Run(int port) {
  RaiseDescriptorLimit();
  signal(SIGPIPE, SIG_IGN);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(static_cast<uint16_t>(port));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto loop = EventLoop::Create();
  if (!loop.ok()) {
    std::cerr << "sse_fleet: " << loop.status() << "\n";
    return 1;
  }
  Fleet fleet(**loop, server);
  Console console(**loop, fleet);
  if (const absl::Status status = (*loop)->Add(STDIN_FILENO, EPOLLIN, console);
      !status.ok()) {
    std::cerr << "sse_fleet: standard input must be a pipe: " << status << "\n";
    return 1;
  }
  (*loop)->Run([&fleet] { return fleet.EndTurn(); });
  return 0;
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  int port;
  if (argc != 2 || !absl::SimpleAtoi(argv[1], &port) || port < 1 ||
      port > 65535) {
    std::cerr << "usage: sse_fleet PORT\n";
    return 2;
  }
  return sluice::Run(port);
}
