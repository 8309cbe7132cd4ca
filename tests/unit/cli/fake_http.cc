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

FakeHttp::FakeHttp(std::vector<FakeAnswer> answers, bool hold)
    : answers_(std::move(answers)) {
  if (!answers_.empty() && hold) answers_.back().hold = true;
  Listen();
}

FakeHttp::FakeHttp(Handler handler) : handler_(std::move(handler)) { Listen(); }

void FakeHttp::Listen() {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 8) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) !=
          0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

FakeHttp::~FakeHttp() {
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
  for (const int connection : held_) close(connection);
}

std::string FakeHttp::Url(const std::string& path) const {
  return absl::StrCat("http://127.0.0.1:", port_, path);
}

std::vector<std::string> FakeHttp::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

FakeAnswer FakeHttp::Next(const std::string& request) {
  size_t index;
  {
    const MutexLock lock(mutex_);
    index = requests_.size();
    requests_.push_back(request);
  }
  if (handler_) return handler_(request);
  // Before the answer, so that whoever has it meets a closed port.
  if (index + 1 == answers_.size()) shutdown(listener_, SHUT_RDWR);
  return answers_[index];
}

void FakeHttp::Serve() {
  while (true) {
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    const FakeAnswer answer = Next(ReadRequest(connection));
    send(connection, answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL);
    if (answer.hold) {
      held_.push_back(connection);
    } else {
      close(connection);
    }
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
