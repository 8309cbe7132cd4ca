#include "tests/bench/load/reader.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/bench/load/payload.h"
#include "tests/load/source_address.h"
#include "tests/load/steady_us.h"

namespace sluice::bench {
namespace {

constexpr absl::string_view kDone = "[DONE]";
// Behind the marker: its line ends, and those of the last chunk.
constexpr size_t kDoneTail = 24;

// As recv. `arrived_us`: when the last of the bytes came to the socket.
ssize_t Receive(const Fd& fd, std::vector<char>& bytes, int64_t& arrived_us) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
  iovec buffer{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &buffer;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  const ssize_t got = recvmsg(fd.get(), &message, 0);
  const cmsghdr* header = got > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  // The kernel begins to note it a little after it was asked to.
  if (header == nullptr || header->cmsg_type != SCM_TIMESTAMPNS) {
    arrived_us = absl::ToUnixMicros(absl::Now());
    return got;
  }
  timespec arrived;
  std::memcpy(&arrived, CMSG_DATA(header), sizeof(arrived));
  arrived_us = absl::ToUnixMicros(absl::TimeFromTimespec(arrived));
  return got;
}

}  // namespace

void Reader::Connect(uint64_t connection) {
  fd_ = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int buffer = share_.options.receive_buffer;
  if (buffer > 0)
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
  const int on = 1;
  setsockopt(fd_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
  const bool connecting =
      fd_.valid() && BindSourceAddress(fd_, connection) &&
      (connect(fd_.get(), reinterpret_cast<const sockaddr*>(&share_.server),
               sizeof(share_.server)) == 0 ||
       errno == EINPROGRESS);
  if (!connecting ||
      !share_.loop.Add(fd_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP, *this)
           .ok()) {
    std::perror("bench_load: connect");
    OnClosed();
  }
}

void Reader::Close() { fd_ = Fd(); }

void Reader::OnEvents(uint32_t events) {
  if (!fd_.valid()) return;
  if (!target_.empty() && (events & EPOLLOUT)) Send();
  const bool over = (events & (EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0;
  if (share_.options.reads ? over || (events & EPOLLIN) : false) Read(over);
  if (fd_.valid() && (events & (EPOLLERR | EPOLLHUP))) OnClosed();
}

void Reader::Send() {
  const std::string request = absl::StrCat("GET ", target_, " HTTP/1.1\r\n",
                                           share_.options.head, "\r\n");
  target_.clear();
  target_.shrink_to_fit();
  // A fresh socket takes this much at once.
  if (send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    OnClosed();
}

void Reader::Read(bool to_the_end) {
  std::vector<char>& scratch = share_.scratch;
  while (fd_.valid()) {
    int64_t arrived_us;
    const ssize_t got = Receive(fd_, scratch, arrived_us);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return OnClosed();
    share_.tally.bytes += static_cast<uint64_t>(got);
    OnBytes({scratch.data(), static_cast<size_t>(got)}, arrived_us);
    share_.events.store(share_.tally.events, std::memory_order_relaxed);
    // There is no more, for now.
    if (!to_the_end && static_cast<size_t>(got) < scratch.size()) return;
  }
}

void Reader::OnHead(absl::string_view head) {
  opened_ = absl::StartsWith(head, "HTTP/1.1 200");
  if (!opened_) return OnClosed();
  ++share_.tally.opened;
  share_.tally.last_opened_us = SteadyUs();
  share_.opened.store(share_.tally.opened, std::memory_order_relaxed);
}

void Reader::OnBytes(absl::string_view bytes, int64_t arrived_us) {
  std::string whole;
  if (!held_.empty()) {
    held_.append(bytes.data(), bytes.size());
    whole.swap(held_);
    bytes = whole;
  }
  if (!opened_) {
    const size_t end = bytes.find("\r\n\r\n");
    if (end == absl::string_view::npos) {
      held_ = std::string(bytes);
      return;
    }
    OnHead(bytes.substr(0, end));
    if (!fd_.valid()) return;
    bytes.remove_prefix(end + 4);
  }
  for (;;) {
    const size_t begin = bytes.find(kMark);
    if (begin == absl::string_view::npos) break;
    const size_t end = bytes.find(kMark, begin + 1);
    if (end == absl::string_view::npos) {
      held_ = std::string(bytes.substr(begin));
      return;
    }
    OnPayload(bytes.substr(begin + 1, end - begin - 1), arrived_us);
    if (!fd_.valid()) return;
    bytes.remove_prefix(end + 1);
  }
  if (bytes.size() >= kDone.size() &&
      absl::StrContains(
          bytes.substr(bytes.size() - std::min(bytes.size(), kDoneTail)),
          kDone))
    held_ = std::string(kDone);
}

void Reader::OnPayload(absl::string_view marked, int64_t arrived_us) {
  const auto payload = FromText(marked);
  if (!payload) return;
  const ReaderOptions& options = share_.options;
  Tally& tally = share_.tally;
  if (!any_) next_ = options.from_first ? 0 : payload->number;
  any_ = true;
  if (payload->number < next_) {
    ++tally.repeated;
    return;
  }
  tally.missing += payload->number - next_;
  next_ = payload->number + 1;
  ++events_;
  ++tally.events;
  tally.latency.Add(arrived_us - payload->sent_us);
  if (options.one_topic)
    tally.NoteArrival(payload->number, payload->sent_us, arrived_us);
  if (events_ == options.leaves_after) Close();
}

void Reader::OnClosed() {
  fd_ = Fd();
  if (!opened_) {
    ++share_.tally.refused;
  } else {
    ++share_.tally.closed;
    share_.tally.done += held_ == kDone;
  }
}

}  // namespace sluice::bench
