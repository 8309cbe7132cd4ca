#include "tests/integration/raw_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace sluice {

RawClient::RawClient(int port, int receive_buffer)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0) {
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer,
               sizeof(receive_buffer));
  }
  const timeval deadline{60, 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
  setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof(deadline));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address),
                    sizeof(address)),
            0);
}

bool RawClient::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent =
        send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void RawClient::ShutdownWrite() { shutdown(fd_.get(), SHUT_WR); }

void RawClient::Reset() {
  const linger at_once{1, 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  fd_ = Fd();
}

bool RawClient::ReadSome(size_t most) {
  const size_t before = received_.size();
  received_.resize(before + most);
  const ssize_t got = recv(fd_.get(), &received_[before], most, 0);
  const int error = errno;
  received_.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
  if (got < 0) {
    reset_ = true;
    EXPECT_NE(error, EAGAIN) << "nothing came for a minute";
  }
  return got > 0;
}

bool RawClient::ReadUntil(absl::string_view text, size_t from) {
  size_t searched = from;
  while (true) {
    if (received_.find(text.data(), searched, text.size()) != std::string::npos)
      return true;
    if (received_.size() > from + text.size())
      searched = received_.size() - text.size();
    if (!ReadSome()) return false;
  }
}

const std::string& RawClient::ReadToEnd() {
  while (ReadSome()) {
  }
  return received_;
}

int StatusOf(absl::string_view bytes) {
  int status = 0;
  if (!absl::StartsWith(bytes, "HTTP/1.1 ") ||
      !absl::SimpleAtoi(bytes.substr(9, 3), &status))
    return 0;
  return status;
}

std::string HeadOf(absl::string_view bytes) {
  const size_t end = bytes.find("\r\n\r\n");
  return std::string(
      bytes.substr(0, end == absl::string_view::npos ? end : end + 4));
}

std::string BodyOf(absl::string_view bytes) {
  return std::string(bytes.substr(HeadOf(bytes).size()));
}

std::string Unchunk(absl::string_view body, bool* complete) {
  std::string result;
  *complete = false;
  while (true) {
    const size_t line_end = body.find("\r\n");
    if (line_end == absl::string_view::npos) return result;
    const std::string size_text(body.substr(0, line_end));
    const size_t size = std::strtoull(size_text.c_str(), nullptr, 16);
    if (body.size() < line_end + 2 + size + 2) return result;
    EXPECT_EQ(body.substr(line_end + 2 + size, 2), "\r\n");
    if (size == 0) {
      *complete = true;
      EXPECT_EQ(body.size(), line_end + 4) << "bytes behind the last chunk";
      return result;
    }
    result.append(body.data() + line_end + 2, size);
    body.remove_prefix(line_end + 2 + size + 2);
  }
}

bool operator==(const SseEvent& a, const SseEvent& b) {
  return a.id == b.id && a.type == b.type && a.data == b.data;
}

std::vector<SseEvent> ParseEvents(absl::string_view stream) {
  std::vector<SseEvent> events;
  SseEvent event;
  while (true) {
    const size_t line_end = stream.find('\n');
    if (line_end == absl::string_view::npos) return events;
    absl::string_view line = stream.substr(0, line_end);
    stream.remove_prefix(line_end + 1);
    if (line.empty()) {
      events.push_back(std::move(event));
      event = {};
    } else if (absl::ConsumePrefix(&line, "id: ")) {
      event.id = std::string(line);
    } else if (absl::ConsumePrefix(&line, "event: ")) {
      event.type = std::string(line);
    } else if (absl::ConsumePrefix(&line, "data: ")) {
      if (!event.data.empty()) event.data += '\n';
      event.data.append(line.data(), line.size());
    }
  }
}

}  // namespace sluice
