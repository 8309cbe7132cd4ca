#pragma once

#include <cstdint>
#include <string>

namespace sluice {

// How often a call on a socket goes wrong: one in so many times; 0 is never.
struct FaultRates {
  uint64_t again = 0;          // EAGAIN, although it could go on
  uint64_t interrupted = 0;    // EINTR
  uint64_t part = 0;           // less than was asked for, a byte at the least
  uint64_t broken = 0;         // EPIPE of a send, ECONNRESET of either
  uint64_t no_descriptor = 0;  // EMFILE of an accept
};

// What came of it.
struct FaultCounts {
  uint64_t calls = 0;  // to read, write and accept, whatever came of them
  uint64_t accepts = 0;
  uint64_t again = 0;
  uint64_t interrupted = 0;
  uint64_t part = 0;
  uint64_t broken = 0;
  uint64_t no_descriptor = 0;

  std::string ToString() const;
};

// While one lives, the kernel's calls on the sockets that the server accepts
// fail by chance, which a seed repeats. A socket that was told EAGAIN, or took
// less than it could, is reported as ready once more, as the kernel does when
// it becomes so: see epoll(7) on edges and partial counts.
//
// It takes a program that is linked with --wrap of these calls; there may be
// one at a time.
class FaultySockets {
 public:
  FaultySockets(const FaultRates& rates, uint64_t seed);
  ~FaultySockets();
  FaultySockets(const FaultySockets&) = delete;
  FaultySockets& operator=(const FaultySockets&) = delete;

  // Thread safety: any thread.
  FaultCounts counts() const;
};

}  // namespace sluice
