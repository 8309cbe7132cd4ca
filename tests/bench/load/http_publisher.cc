#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "bridge/net/socket.h"
#include "tests/bench/load/publisher.h"

namespace sluice::bench {
namespace {

constexpr size_t kMostOnTheirWay = 16;

// How long the body behind `head` is; -1: it comes in chunks.
int64_t BodyBytes(absl::string_view head) {
  for (absl::string_view line : absl::StrSplit(head, "\r\n")) {
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) continue;
    const absl::string_view name = line.substr(0, colon);
    int64_t length;
    if (absl::EqualsIgnoreCase(name, "Content-Length") &&
        absl::SimpleAtoi(line.substr(colon + 1), &length))
      return length;
    if (absl::EqualsIgnoreCase(name, "Transfer-Encoding")) return -1;
  }
  return 0;
}

class HttpPublisher final : public Publisher {
 public:
  HttpPublisher(HttpRoute route, Fd fd)
      : route_(std::move(route)), fd_(std::move(fd)) {}

  absl::Status Publish(const std::string& topic,
                       const std::vector<std::string>& texts, bool,
                       bool) override {
    std::string requests;
    for (const std::string& text : texts) {
      const auto fill = [&](const std::string& pattern) {
        return absl::StrReplaceAll(pattern,
                                   {{"{topic}", topic}, {"{data}", text}});
      };
      const std::string body = fill(route_.body);
      absl::StrAppend(&requests, "POST ", fill(route_.target),
                      " HTTP/1.1\r\nHost: 127.0.0.1\r\n", route_.head,
                      "Content-Length: ", body.size(), "\r\n\r\n", body);
    }
    if (absl::Status status = Send(requests); !status.ok()) return status;
    on_their_way_ += texts.size();
    return WaitUntil(kMostOnTheirWay);
  }

  absl::Status Finish() override { return WaitUntil(0); }

 private:
  absl::Status Send(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent =
          send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return absl::ErrnoToStatus(errno, "publishing");
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return absl::OkStatus();
  }

  absl::Status WaitUntil(size_t on_their_way) {
    while (on_their_way_ > on_their_way) {
      const absl::StatusOr<bool> answered = TakeAnswer();
      if (!answered.ok()) return answered.status();
      if (*answered) {
        --on_their_way_;
        continue;
      }
      char bytes[16 << 10];
      const ssize_t got = recv(fd_.get(), bytes, sizeof(bytes), 0);
      if (got <= 0) return absl::UnavailableError("the publisher was cut off");
      answers_.append(bytes, static_cast<size_t>(got));
    }
    return absl::OkStatus();
  }

  // Takes one whole answer away; false if there is none yet.
  absl::StatusOr<bool> TakeAnswer() {
    const size_t end = answers_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const absl::string_view head(answers_.data(), end + 2);
    if (!absl::StartsWith(head, "HTTP/1.1 2"))
      return absl::UnknownError(answers_.substr(0, 400));
    const int64_t body = BodyBytes(head);
    size_t whole = end + 4;
    if (body >= 0) {
      whole += static_cast<size_t>(body);
    } else {
      const size_t last = answers_.find("0\r\n\r\n", whole);
      if (last == std::string::npos) return false;
      whole = last + 5;
    }
    if (answers_.size() < whole) return false;
    answers_.erase(0, whole);
    return true;
  }

  const HttpRoute route_;
  const Fd fd_;
  size_t on_their_way_ = 0;
  std::string answers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Publisher>> NewHttpPublisher(HttpRoute route) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(route.port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int at_once = 1;
  if (!fd.valid() ||
      setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &at_once,
                 sizeof(at_once)) != 0 ||
      connect(fd.get(), reinterpret_cast<const sockaddr*>(&server),
              sizeof(server)) != 0)
    return absl::ErrnoToStatus(errno, "connecting the publisher");
  return std::make_unique<HttpPublisher>(std::move(route), std::move(fd));
}

}  // namespace sluice::bench
