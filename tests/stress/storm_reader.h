#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tests/stress/dice.h"
#include "tests/stress/fleet.h"
#include "tests/stress/following.h"
#include "tests/stress/response_reader.h"
#include "tests/stress/storm.h"

namespace sluice {

// What a storm's readers did, all together.
struct ReaderTotals {
  uint64_t readers = 0;
  uint64_t connections = 0;
  uint64_t delivered = 0;
  uint64_t gaps = 0;
};

// One reader of a storm: follows what it follows to its end over as many
// connections as its temper makes of it, sees that it is told to stay away then
// (204), and is done. What has no end it follows until the storm is calm.
//
// Thread safety: none; the fleet's thread.
class StormReader final : public StormClient {
 public:
  // A patient one keeps its connection unless the server closes it, so that
  // nothing but the server brings it what it waits for.
  // `gone` is called at its end.
  StormReader(Storm& storm, std::unique_ptr<Following> following,
              std::function<void()> gone, Fleet& fleet, ReaderTotals& totals,
              uint64_t seed, bool patient);
  ~StormReader() override;

  void OnReady() override;
  void Tick(int64_t now_ms) override;
  bool done() const override { return done_; }
  std::string ToString() const override;

 private:
  // What it will do to its connection.
  enum class Deed { kStay, kReset, kClose, kHalfClose, kStall, kTalk, kShout };

  void Connect();
  void SendRequest();
  Following::Start PickStart();
  void PlanDeed();
  void DoDeed();
  void Read();
  void OnPiece(const std::string& piece);
  void OnClosed();
  void Leave(int64_t pause_ms);
  // The server may close, or reset, without a word.
  bool excused() const;
  void Report(absl::string_view what);

  Storm& storm_;
  const std::unique_ptr<Following> following_;
  const std::function<void()> gone_;
  Fleet& fleet_;
  ReaderTotals& totals_;
  Dice dice_;
  const bool patient_;
  const size_t read_bytes_;  // at a time
  bool done_ = false;

  // The connection's.
  Fd fd_;
  std::unique_ptr<ResponseReader> response_;
  bool sent_ = false;
  bool asks_once_more_ = false;  // it has had the end
  int generation_ = 0;
  bool opened_ = false;
  bool told_to_return_ = false;
  bool provoked_ = false;  // it did what a connection is closed for
  bool stalled_ = false;
  size_t received_ = 0;
  Deed deed_ = Deed::kStay;
  size_t deed_bytes_ = 0;
  int64_t deed_ms_ = 0;
  int64_t wake_ms_ = 0;  // the end of a stall or of a pause
};

}  // namespace sluice
