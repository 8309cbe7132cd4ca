#include "tests/bench/floor/floor_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "absl/strings/string_view.h"

namespace sluice::bench {
namespace {

constexpr absl::string_view kPathBegin = "/topics/";
constexpr absl::string_view kPathEnd = "/events";
constexpr absl::string_view kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    "Cache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\n"
    "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    "11\r\nretry: 2000\n: ok\n\r\n";

void Watch(const Fd& epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  event.data.fd = fd;
  epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event);
}

}  // namespace

FloorLoop::FloorLoop(Fd listening)
    : listening_(std::move(listening)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  Watch(epoll_, listening_.get());
  Watch(epoll_, wake_.get());
  thread_ = std::thread([this] { Run(); });
}

FloorLoop::~FloorLoop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  eventfd_write(wake_.get(), 1);
  thread_.join();
}

void FloorLoop::Publish(const std::vector<Publication>& frames) {
  bool wake;
  {
    MutexLock lock(mutex_);
    wake = waiting_.empty();
    waiting_.insert(waiting_.end(), frames.begin(), frames.end());
  }
  if (wake) eventfd_write(wake_.get(), 1);
}

void FloorLoop::Run() {
  std::array<epoll_event, 256> events;
  for (;;) {
    const int ready = epoll_wait(epoll_.get(), events.data(),
                                 static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listening_.get()) {
        Accept();
      } else if (fd == wake_.get()) {
        eventfd_t count;
        eventfd_read(fd, &count);
        Send();
      } else if (events[i].events & (EPOLLRDHUP | EPOLLERR | EPOLLHUP)) {
        Close(fd);
      } else {
        Read(fd);
      }
    }
    MutexLock lock(mutex_);
    if (stopping_) return;
  }
}

void FloorLoop::Accept() {
  for (;;) {
    const int fd = accept4(listening_.get(), nullptr, nullptr,
                           SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    Watch(epoll_, fd);
  }
}

// A client's request comes in one piece.
void FloorLoop::Read(int fd) {
  char bytes[4096];
  const ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
  if (got <= 0) return;
  const absl::string_view request(bytes, static_cast<size_t>(got));
  const size_t begin = request.find(kPathBegin);
  const size_t end = request.find(kPathEnd);
  if (begin == absl::string_view::npos || end == absl::string_view::npos)
    return Close(fd);
  const size_t from = begin + kPathBegin.size();
  std::string topic(request.substr(from, end - from));
  subscribers_[topic].push_back(fd);
  topics_[fd] = std::move(topic);
  send(fd, kHead.data(), kHead.size(), MSG_NOSIGNAL);
}

void FloorLoop::Send() {
  std::vector<Publication> frames;
  {
    MutexLock lock(mutex_);
    frames.swap(waiting_);
  }
  for (const auto& [topic, frame] : frames) {
    const auto it = subscribers_.find(topic);
    if (it == subscribers_.end()) continue;
    for (const int fd : it->second)
      send(fd, frame->data(), frame->size(), MSG_NOSIGNAL);
  }
}

void FloorLoop::Close(int fd) {
  const auto topic = topics_.find(fd);
  if (topic != topics_.end()) {
    std::vector<int>& readers = subscribers_[topic->second];
    readers.erase(std::find(readers.begin(), readers.end(), fd));
    topics_.erase(topic);
  }
  close(fd);
}

}  // namespace sluice::bench
