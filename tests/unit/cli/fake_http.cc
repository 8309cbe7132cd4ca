#include "tests/unit/cli/fake_http.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sluice {
namespace {

// The head, and the body that Content-Length announces.
std::string ReadRequest(int connection) {
  std::string request;
  char buffer[4096];
  while (true) {
    const auto end = request.find("\r\n\r\n");
    if (end != std::string::npos) {
      size_t length = 0;
      const auto field = request.find("Content-Length: ");
      if (field != std::string::npos) {
        length = std::strtoul(request.c_str() + field + 16, nullptr, 10);
      }
      if (request.size() >= end + 4 + length) return request;
    }
    const auto count = recv(connection, buffer, sizeof(buffer), 0);
    if (count <= 0) return request;
    request.append(buffer, static_cast<size_t>(count));
  }
}

}  // namespace

FakeHttp::FakeHttp(std::vector<std::string> answers, bool hold)
    : answers_(std::move(answers)), hold_(hold) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 8) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) !=
          0 ||
      pipe(release_) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

FakeHttp::~FakeHttp() {
  close(release_[1]);
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
  close(release_[0]);
}

std::string FakeHttp::Url(const std::string& path) const {
  return absl::StrCat("http://127.0.0.1:", port_, path);
}

std::vector<std::string> FakeHttp::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

void FakeHttp::Serve() {
  for (size_t i = 0; i < answers_.size(); ++i) {
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    std::string request = ReadRequest(connection);
    {
      const MutexLock lock(mutex_);
      requests_.push_back(std::move(request));
    }
    send(connection, answers_[i].data(), answers_[i].size(), MSG_NOSIGNAL);
    char byte;
    if (hold_ && i + 1 == answers_.size()) {
      [[maybe_unused]] const auto released = read(release_[0], &byte, 1);
    }
    close(connection);
  }
}

std::string Chunked(const std::string& type,
                    const std::vector<std::string>& chunks, bool cut) {
  std::string answer = absl::StrCat("HTTP/1.1 200 OK\r\nContent-Type: ", type,
                                    "\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (const std::string& chunk : chunks) {
    absl::StrAppendFormat(&answer, "%x\r\n%s\r\n", chunk.size(), chunk);
  }
  if (!cut) answer += "0\r\n\r\n";
  return answer;
}

}  // namespace sluice
