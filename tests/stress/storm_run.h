#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "tests/stress/fleet.h"
#include "tests/stress/producers.h"
#include "tests/stress/storm.h"
#include "tests/stress/storm_reader.h"

namespace sluice {

// Makes a storm, lets it calm down, and sees that nothing is left of it: topics
// begin and end, readers of all tempers come and go, and the HTTP side itself
// goes and comes again.
//
// Thread safety: one thread, which is the fleet's.
// Lifetime: the storm must outlive it.
class StormRun {
 public:
  StormRun(Storm& storm, const LinkFactory& make_link, uint64_t seed);
  StormRun(const StormRun&) = delete;
  StormRun& operator=(const StormRun&) = delete;

  // Returns once every reader has had its end, or is found to be stuck. The
  // HTTP side is still there.
  void Run(std::chrono::seconds length);

  // "storm: events ... lost 0 doubled 0 reordered 0".
  std::string Summary() const;

 private:
  struct Coming {  // a reader
    std::shared_ptr<StormTopic> topic;
    size_t after;  // so many entries
  };

  std::shared_ptr<StormTopic> NewTopic(bool river);
  void SendReaders(const std::shared_ptr<StormTopic>& topic);
  void SendReaderOfSeveral(std::vector<std::string> entries);
  void SendReadersOfSeveral();
  void BeginTopics(bool more);
  void SendThoseWhoAreDue();
  void Settle();
  bool Settled(const StormTopic& topic);
  // Takes the HTTP side down and up again, until the storm calms down.
  void RestartHttp(Dice dice);
  static HttpOptions NextOptions(Dice& dice);

  Storm& storm_;
  Dice dice_;
  const std::unique_ptr<ProducerLink> link_;
  StormProducers producers_;
  ReaderTotals totals_;
  Fleet fleet_;

  // They count as subscribers of what they select.
  const std::shared_ptr<uint64_t> readers_of_several_ =
      std::make_shared<uint64_t>(0);
  uint64_t next_topic_ = 0;
  uint64_t restarts_ = 0;  // the restarting thread's
  std::vector<std::shared_ptr<StormTopic>> topics_;
  std::vector<std::pair<int64_t, std::shared_ptr<StormTopic>>> unpublished_;
  std::vector<Coming> coming_;
};

}  // namespace sluice
