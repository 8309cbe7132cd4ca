#pragma once

#include <cstdint>
#include <limits>

#include "bridge/net/event_loop.h"
#include "bridge/net/socket.h"
#include "tests/load/stream_check.h"

namespace sluice {

class FleetGroup;

// One reader: a socket, and what its stream is checked for.
//
// Thread safety: none; the loop's.
// Lifetime: owned by its group, which must outlive it.
class FleetClient final : public EventLoop::Handler, private Timer {
 public:
  enum class State { kPlanned, kConnecting, kConnected, kWaiting, kClosed };
  static constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

  explicit FleetClient(FleetGroup& group) : group_(group) {}

  void Connect();
  void OnEvents(uint32_t events) override;

  // Reads `most` bytes, or what is there.
  void Read(uint64_t most);

  void Close(bool reset);

  State state() const { return state_; }
  const StreamCheck& stream() const { return stream_; }

 private:
  // How a connection ended.
  enum class End { kOrderly, kReset, kRefused };

  void OnTimer() override { Connect(); }
  bool OpenSocket();
  void OnConnected();
  void OnEnd(End end);

  FleetGroup& group_;
  Fd fd_;
  State state_ = State::kPlanned;
  bool opened_before_ = false;
  uint64_t read_ = 0;
  StreamCheck stream_;
};

}  // namespace sluice
