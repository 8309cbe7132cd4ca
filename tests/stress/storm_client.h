#pragma once

#include <cstdint>
#include <string>

#include "bridge/net/socket.h"

namespace sluice {

// One client of a storm's fleet, driven by the fleet's thread: a connection
// after the other, on a socket that does not block.
class StormClient {
 public:
  virtual ~StormClient() = default;

  // The socket is readable, writable or lost.
  virtual void OnReady() = 0;
  // Called every few milliseconds.
  virtual void Tick(int64_t now_ms) = 0;
  virtual bool done() const = 0;

  // How it stands, for a report.
  virtual std::string ToString() const = 0;
};

// Begins to connect to a port of this machine; invalid if it is refused at
// once. `receive_buffer`: how little the kernel takes; 0: its default.
Fd BeginConnect(int port, int receive_buffer);

// Closes with a reset, as a killed process on another machine would.
void CloseWithReset(Fd& fd);

}  // namespace sluice
