#pragma once

#include <netinet/in.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bridge/net/event_loop.h"
#include "bridge/net/socket.h"
#include "tests/bench/load/tally.h"

namespace sluice::bench {

// What the readers of a group do.
struct ReaderOptions {
  std::string head;           // of the request, without its first line
  int receive_buffer = 0;     // SO_RCVBUF; 0: the kernel's default
  bool reads = true;          // false: not a byte, ever
  bool one_topic = false;     // all of them read the same
  bool from_first = false;    // they expect number 0 first, not whatever comes
  uint64_t leaves_after = 0;  // events; 0: they stay
};

// What the readers of one thread and group share.
struct ReaderShare {
  EventLoop& loop;
  std::vector<char>& scratch;
  const ReaderOptions& options;
  const sockaddr_in server;
  Tally tally;
  // tally.events and tally.opened, for other threads.
  std::atomic<uint64_t> events{0};
  std::atomic<uint64_t> opened{0};
};

// One connection that reads a stream of events, in whatever format: it looks
// for payloads only, so that measuring costs the machine little.
//
// Thread safety: none; its loop's.
// Lifetime: `share` must outlive it.
class Reader final : public EventLoop::Handler {
 public:
  Reader(ReaderShare& share, std::string target)
      : share_(share), target_(std::move(target)) {}

  // `connection` is a number that no other connection has.
  void Connect(uint64_t connection);
  void Close();
  bool connected() const { return fd_.valid(); }

  void OnEvents(uint32_t events) override;

 private:
  void Send();
  void Read(bool to_the_end);
  void OnHead(absl::string_view head);
  void OnBytes(absl::string_view bytes, int64_t arrived_us);
  void OnPayload(absl::string_view marked, int64_t arrived_us);
  void OnClosed();

  ReaderShare& share_;
  std::string target_;  // empty once it was sent
  Fd fd_;
  bool opened_ = false;
  bool any_ = false;  // event
  uint64_t next_ = 0;
  uint64_t events_ = 0;
  // The head as long as it is not whole; then the last bytes, from an open mark
  // on.
  std::string held_;
};

}  // namespace sluice::bench
