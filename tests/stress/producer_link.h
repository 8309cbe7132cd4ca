#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bridge/event/entry.h"
#include "tests/stress/dice.h"
#include "tests/stress/storm.h"

namespace sluice {

// How a storm's producers reach the log: through the store itself, or through
// gRPC. All methods block, and see to it that the answers are those that are
// due.
//
// Thread safety: none; a producer thread has its own.
class ProducerLink {
 public:
  virtual ~ProducerLink() = default;

  // Makes the topic, with its settings.
  virtual void Create(const StormTopic& topic) = 0;

  // Publishes events `from` to `to` - 1 of `producer`. If the topic has ids,
  // calls may have been cut and all of it sent again. Without them a call that
  // was cut is not made again: false, and nobody knows how far it came.
  virtual bool Publish(const StormTopic& topic, const std::string& producer,
                       uint64_t from, uint64_t to, Dice& dice) = 0;

  // Ends the topic as its plan says, in one of the ways there are.
  virtual void End(const StormTopic& topic, Dice& dice) = 0;

  // The topic has ended: sees that nothing new is taken.
  virtual void PublishBehindTheEnd(const StormTopic& topic) = 0;
};

// Makes a link for a producer thread.
using LinkFactory = std::function<std::unique_ptr<ProducerLink>(Storm&)>;

// How a topic with that ending fails, or nothing.
absl::optional<Failure> FailureOf(const StormTopic& topic);

// The event with that number of that producer.
EventDraft MakeEvent(const StormTopic& topic, const std::string& producer,
                     uint64_t number);

}  // namespace sluice
