#include "tests/stress/producers.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"

namespace sluice {

StormProducers::StormProducers(Storm& storm, const LinkFactory& make_link,
                               int threads, uint64_t seed)
    : storm_(storm) {
  Dice dice(seed);
  for (int i = 0; i < threads; ++i) {
    links_.push_back(make_link(storm));
    threads_.emplace_back([this, &link = *links_.back(),
                           own = Dice(dice.Seed())] { Run(link, own); });
  }
}

StormProducers::~StormProducers() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
  }
  changed_.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
}

void StormProducers::Add(const std::shared_ptr<StormTopic>& topic) {
  topic->producing = topic->producers;
  {
    MutexLock lock(mutex_);
    for (int i = 0; i < topic->producers; ++i)
      jobs_.push_back({topic, absl::StrCat("p", i)});
  }
  changed_.NotifyAll();
}

void StormProducers::Run(ProducerLink& link, Dice dice) {
  for (;;) {
    Job job;
    {
      MutexLock lock(mutex_);
      while (jobs_.empty() && !closed_) changed_.Wait(mutex_);
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    Publish(job, link, dice);
    if (--job.topic->producing > 0) continue;
    link.End(*job.topic, dice);
    if (job.topic->ending != StormTopic::Ending::kProducerLost)
      link.PublishBehindTheEnd(*job.topic);
    job.topic->ended = true;
  }
}

void StormProducers::Publish(const Job& job, ProducerLink& link, Dice& dice) {
  const StormTopic& topic = *job.topic;
  std::string producer = job.producer;
  uint64_t next = 0;
  uint64_t left = topic.events;
  while (topic.river ? !storm_.calming : left > 0) {
    uint64_t count = topic.batch * dice.Between(1, 5);
    if (!topic.river) left -= count = std::min(count, left);
    if (link.Publish(topic, producer, next, next + count, dice)) {
      next += count;
    } else {
      // Nobody knows which of the events are stored: others go on.
      producer += "x";
      next = 0;
    }
    // A pace, so that readers come and go between events.
    std::this_thread::sleep_for(
        std::chrono::microseconds(dice.Below(topic.river ? 20000 : 5000)));
  }
}

}  // namespace sluice
