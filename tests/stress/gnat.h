#pragma once

#include <memory>
#include <string>

#include "tests/stress/dice.h"
#include "tests/stress/fleet.h"
#include "tests/stress/response_reader.h"
#include "tests/stress/storm.h"

namespace sluice {

// A client that comes once, with something other than a stream to follow: HEAD,
// a refused request, nothing at all, half of something. Where there is an
// answer, it must be the one that is due.
//
// Thread safety: none; the fleet's thread.
class Gnat final : public StormClient {
 public:
  // `topic`: one to bother.
  Gnat(Storm& storm, const std::string& topic, Fleet& fleet, uint64_t seed);

  void OnReady() override;
  void Tick(int64_t now_ms) override;
  bool done() const override { return !fd_.valid(); }
  std::string ToString() const override { return request_; }

 private:
  void Leave();

  Storm& storm_;
  Dice dice_;
  const int generation_;
  std::string request_;
  int status_ = 0;  // that is due; 0: it does not wait for one
  std::unique_ptr<ResponseReader> response_;
  bool sent_ = false;
  int64_t leaves_ms_ = 0;
  Fd fd_;
};

}  // namespace sluice
