#pragma once

#include <deque>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "bridge/base/mutex.h"
#include "tests/stress/producer_link.h"

namespace sluice {

// A storm's producers: threads that publish what the topics' plans say, several
// of them to one topic, and the last of each topic ends it.
//
// Thread safety: Add and the destructor are for one thread.
// Lifetime: the storm must outlive it. The destructor waits until all topics
// have ended.
class StormProducers {
 public:
  StormProducers(Storm& storm, const LinkFactory& make_link, int threads,
                 uint64_t seed);
  ~StormProducers();
  StormProducers(const StormProducers&) = delete;
  StormProducers& operator=(const StormProducers&) = delete;

  void Add(const std::shared_ptr<StormTopic>& topic);

 private:
  struct Job {
    std::shared_ptr<StormTopic> topic;
    std::string producer;
  };

  void Run(ProducerLink& link, Dice dice);
  void Publish(const Job& job, ProducerLink& link, Dice& dice);

  Storm& storm_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<Job> jobs_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<ProducerLink>> links_;
  std::vector<std::thread> threads_;
};

}  // namespace sluice
