#include "tests/stress/feedback_storm.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/raw_client.h"
#include "tests/stress/eventually.h"
#include "tests/stress/listening_client.h"
#include "tests/stress/storm_client.h"

namespace sluice {
namespace {

constexpr int kThreads = 2;
constexpr int kPatienceMs = 60000;

// Sends a request and reads what comes, until `enough` is in it or the server
// closes. The HTTP side may go at any time.
std::string Ask(const Fd& fd, const std::string& request,
                absl::string_view enough) {
  pollfd writable{fd.get(), POLLOUT, 0};
  if (!fd.valid() || poll(&writable, 1, kPatienceMs) != 1) return "";
  send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
  std::string received;
  std::array<char, 4096> buffer;
  while (!absl::StrContains(received, enough)) {
    pollfd readable{fd.get(), POLLIN, 0};
    if (poll(&readable, 1, kPatienceMs) != 1) return received;
    const ssize_t got = recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return received;
    received.append(buffer.data(), static_cast<size_t>(got));
  }
  return received;
}

// One topic after the other, each with its calls and its readers.
class Rounds {
 public:
  Rounds(Storm& storm, int port, std::string name, uint64_t seed)
      : storm_(storm), port_(port), name_(std::move(name)), dice_(seed) {}

  void Run() {
    // One hears of all that come and go as long as the storm lasts.
    const std::string river = absl::StrCat(name_, ".river");
    std::vector<std::unique_ptr<ListeningClient>> lasting = Calls(river, 1);
    for (int round = 0; !storm_.calming; ++round) {
      const std::string topic = absl::StrCat(name_, ".", round);
      RunRound(topic);
      LetReadersComeAndGo(river);
      readers_.clear();
      if (dice_.OneIn(4)) ExpectTrue(river, lasting);
    }
    // Those of patterns leave when the storm is calm.
    if (!Eventually([&] { return storm_.side.hub().Subscribers(river) == 0; }))
      Report(river, "readers are left");
    ExpectTrue(river, lasting);
    ExpectFinished(river, lasting, 0, 0);
    if (lasting.front()->told() != false)
      Report(river, "the last interest is not true");
    std::printf("feedback: topics %d, readers %d, stops %d\n", topics_,
                comings_, stops_);
  }

 private:
  std::vector<std::unique_ptr<ListeningClient>> Calls(const std::string& topic,
                                                      uint64_t count) {
    std::vector<std::unique_ptr<ListeningClient>> calls;
    for (; count > 0; --count) {
      calls.push_back(NewListeningClient(port_, topic));
      if (!Eventually([&] { return calls.back()->stands(); }))
        Report(topic, "a call is told nothing");
    }
    return calls;
  }

  void RunRound(const std::string& topic) {
    ++topics_;
    if (dice_.OneIn(2)) LetReadersComeAndGo(topic);
    const auto calls = Calls(topic, dice_.Between(1, 3));
    uint64_t stops = 0;
    bool unknown = false;
    for (uint64_t n = dice_.Below(6); n > 0 && !unknown; --n) {
      LetReadersComeAndGo(topic);
      if (dice_.OneIn(3)) ExpectTrue(topic, calls);
      unknown = !Stop(topic, calls, stops);
    }
    if (dice_.OneIn(2)) readers_.clear();
    ExpectTrue(topic, calls);
    ExpectFinished(topic, calls, stops, unknown ? stops + 1 : stops);
    readers_.clear();
  }

  void LetReadersComeAndGo(const std::string& topic) {
    for (uint64_t n = dice_.Below(6); n > 0; --n) {
      if (dice_.OneIn(2) && !readers_.empty()) {
        if (dice_.OneIn(2)) CloseWithReset(readers_.back());
        readers_.pop_back();
        continue;
      }
      Fd fd = Connect();
      if (!fd.valid()) continue;
      ++comings_;
      // Some are gone again before they are answered.
      Ask(fd,
          absl::StrCat("GET /v1/topics/", topic,
                       "/events HTTP/1.1\r\nHost: h\r\n\r\n"),
          dice_.OneIn(3) ? "" : ": sluice\n");
      readers_.push_back(std::move(fd));
    }
  }

  // False if nobody knows whether the calls were asked.
  bool Stop(const std::string& topic,
            const std::vector<std::unique_ptr<ListeningClient>>& calls,
            uint64_t& stops) {
    const Fd fd = Connect();
    if (!fd.valid()) return true;
    const std::string answer =
        Ask(fd,
            absl::StrCat("POST /v1/topics/", topic,
                         "/stop HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n"
                         "Connection: close\r\n\r\n"),
            "}\n");
    const int status = StatusOf(answer);
    // One that drains takes nothing more.
    if (status == 503) return true;
    if (status != 202 || !absl::EndsWith(answer, "}\n")) {
      if (status != 0 && status != 202)
        Report(topic, absl::StrCat("a stop is answered ", status));
      return false;
    }
    if (BodyOf(answer) != absl::StrCat("{\"producers\":", calls.size(), "}\n"))
      Report(topic, absl::StrCat(BodyOf(answer), " of ", calls.size()));
    ++stops;
    ++stops_;
    for (const auto& call : calls) {
      if (!Eventually([&] { return call->stops() >= stops; }))
        Report(topic, "a stop does not come");
    }
    return true;
  }

  // What each call was told last is what is so, once it has settled.
  void ExpectTrue(const std::string& topic,
                  const std::vector<std::unique_ptr<ListeningClient>>& calls) {
    for (const auto& call : calls) {
      const auto is_true = [&] {
        return call->told() == (storm_.side.hub().Subscribers(topic) > 0);
      };
      if (!Eventually(is_true)) Report(topic, "the last interest is not true");
    }
  }

  void ExpectFinished(
      const std::string& topic,
      const std::vector<std::unique_ptr<ListeningClient>>& calls,
      uint64_t least, uint64_t most) {
    for (const auto& call : calls) {
      if (!call->Finish()) Report(topic, "a call fails");
      if (call->stops() < least || call->stops() > most)
        Report(topic, absl::StrCat(call->stops(), " stops of ", least));
    }
  }

  Fd Connect() {
    const int port = storm_.side.port();
    return port == 0 ? Fd() : BeginConnect(port, 0);
  }

  void Report(const std::string& topic, absl::string_view what) {
    storm_.findings.Add(Findings::kOther,
                        absl::StrCat("feedback of ", topic, ": ", what));
  }

  Storm& storm_;
  const int port_;
  const std::string name_;
  Dice dice_;
  std::vector<Fd> readers_;

  // For the report.
  int topics_ = 0;
  int comings_ = 0;
  int stops_ = 0;
};

}  // namespace

FeedbackStorm::FeedbackStorm(Storm& storm, int port, uint64_t seed) {
  Dice dice(seed);
  for (int i = 0; i < kThreads; ++i) {
    threads_.emplace_back([&storm, port, i, own = dice.Seed()] {
      Rounds(storm, port, absl::StrCat("feedback", i), own).Run();
    });
  }
}

FeedbackStorm::~FeedbackStorm() {
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace sluice
