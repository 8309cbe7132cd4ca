#include "tests/stress/faulty_sockets.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <unordered_map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "bridge/base/mutex.h"
#include "tests/stress/dice.h"

extern "C" {
int __real_accept4(int fd, sockaddr* address, socklen_t* length, int flags);
int __real_close(int fd);
int __real_epoll_ctl(int epoll, int operation, int fd, epoll_event* event);
ssize_t __real_recv(int fd, void* to, size_t bytes, int flags);
ssize_t __real_sendmsg(int fd, const msghdr* message, int flags);
}

namespace sluice {
namespace {

struct Watched {  // by a loop
  int epoll = -1;
  epoll_event event{};
};

// The program has one kernel, so there is one of these.
struct State {
  Mutex mutex;
  absl::optional<FaultRates> rates ABSL_GUARDED_BY(mutex);
  Dice dice ABSL_GUARDED_BY(mutex){0};
  FaultCounts counts ABSL_GUARDED_BY(mutex);
  std::unordered_map<int, Watched> accepted ABSL_GUARDED_BY(mutex);

  bool Happens(uint64_t one_in) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return one_in != 0 && dice.OneIn(one_in);
  }
};

State& TheState() {
  static State& state = *new State;
  return state;
}

// The socket is as ready as it was, but its loop has reason to believe that it
// is not, and waits for a change.
void OweAnEdge(int fd, Watched& watched) {
  __real_epoll_ctl(watched.epoll, EPOLL_CTL_MOD, fd, &watched.event);
}

// What becomes of a call that would move `bytes`: an error, or how many of them
// it may move.
struct Fate {
  int error = 0;
  size_t bytes = 0;
};

Fate FateOf(int fd, size_t bytes, bool sends) {
  State& state = TheState();
  MutexLock lock(state.mutex);
  const auto it = state.accepted.find(fd);
  if (!state.rates.has_value() || it == state.accepted.end()) return {0, bytes};
  const FaultRates& rates = *state.rates;
  FaultCounts& counts = state.counts;
  ++counts.calls;
  if (state.Happens(rates.broken)) {
    ++counts.broken;
    return {sends && state.dice.OneIn(2) ? EPIPE : ECONNRESET, 0};
  }
  if (state.Happens(rates.interrupted)) {
    ++counts.interrupted;
    return {EINTR, 0};
  }
  if (it->second.epoll >= 0 && state.Happens(rates.again)) {
    ++counts.again;
    OweAnEdge(fd, it->second);
    return {EAGAIN, 0};
  }
  if (bytes > 1 && it->second.epoll >= 0 && state.Happens(rates.part)) {
    ++counts.part;
    OweAnEdge(fd, it->second);
    return {0, static_cast<size_t>(
                   state.dice.OneIn(2) ? 1 : state.dice.Between(1, bytes - 1))};
  }
  return {0, bytes};
}

}  // namespace

std::string FaultCounts::ToString() const {
  return absl::StrCat("faults: calls ", calls, ", accepts ", accepts,
                      ", not now ", again, ", interrupted ", interrupted,
                      ", in part ", part, ", broken ", broken,
                      ", no descriptor ", no_descriptor);
}

FaultySockets::FaultySockets(const FaultRates& rates, uint64_t seed) {
  State& state = TheState();
  MutexLock lock(state.mutex);
  state.rates = rates;
  state.dice = Dice(seed);
  state.counts = {};
}

FaultySockets::~FaultySockets() {
  State& state = TheState();
  MutexLock lock(state.mutex);
  state.rates.reset();
}

FaultCounts FaultySockets::counts() const {
  State& state = TheState();
  MutexLock lock(state.mutex);
  return state.counts;
}

}  // namespace sluice

extern "C" {

int __wrap_accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  sluice::State& state = sluice::TheState();
  sluice::MutexLock lock(state.mutex);
  if (state.rates.has_value()) {
    ++state.counts.calls;
    ++state.counts.accepts;
    if (state.Happens(state.rates->no_descriptor)) {
      ++state.counts.no_descriptor;
      errno = EMFILE;
      return -1;
    }
  }
  const int accepted = __real_accept4(fd, address, length, flags);
  if (accepted >= 0) state.accepted[accepted] = {};
  return accepted;
}

int __wrap_close(int fd) {
  sluice::State& state = sluice::TheState();
  sluice::MutexLock lock(state.mutex);
  state.accepted.erase(fd);
  return __real_close(fd);
}

int __wrap_epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
  sluice::State& state = sluice::TheState();
  sluice::MutexLock lock(state.mutex);
  const auto it = state.accepted.find(fd);
  if (it != state.accepted.end()) {
    it->second = {};
    if (operation != EPOLL_CTL_DEL) it->second = {epoll, *event};
  }
  return __real_epoll_ctl(epoll, operation, fd, event);
}

ssize_t __wrap_recv(int fd, void* to, size_t bytes, int flags) {
  const sluice::Fate fate = sluice::FateOf(fd, bytes, false);
  if (fate.error == 0) return __real_recv(fd, to, fate.bytes, flags);
  errno = fate.error;
  return -1;
}

ssize_t __wrap_sendmsg(int fd, const msghdr* message, int flags) {
  size_t bytes = 0;
  for (size_t i = 0; i < message->msg_iovlen; ++i)
    bytes += message->msg_iov[i].iov_len;
  const sluice::Fate fate = sluice::FateOf(fd, bytes, true);
  if (fate.error != 0) {
    errno = fate.error;
    return -1;
  }
  size_t left = fate.bytes;
  std::vector<iovec> parts;
  for (size_t i = 0; i < message->msg_iovlen && left > 0; ++i) {
    iovec part = message->msg_iov[i];
    part.iov_len = std::min(part.iov_len, left);
    left -= part.iov_len;
    parts.push_back(part);
  }
  msghdr some = *message;
  some.msg_iov = parts.data();
  some.msg_iovlen = parts.size();
  return __real_sendmsg(fd, &some, flags);
}

}  // extern "C"
