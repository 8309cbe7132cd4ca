#include "tests/stress/producer_link.h"

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"

namespace sluice {

absl::optional<Failure> FailureOf(const StormTopic& topic) {
  switch (topic.ending) {
    case StormTopic::Ending::kCompleted:
      return absl::nullopt;
    case StormTopic::Ending::kFailed:
      return Failure{13, "it broke"};
    case StormTopic::Ending::kProducerLost:
      return Failure{10, "producer lost"};
  }
  return absl::nullopt;
}

// Sent again, an event is the same.
EventDraft MakeEvent(const StormTopic& topic, const std::string& producer,
                     uint64_t number) {
  const size_t chance = absl::HashOf(topic.name, producer, number);
  EventDraft draft;
  draft.data = EventText(producer, number, chance % (topic.padding + 1));
  if (chance % 5 == 0) draft.type = "tick";
  // With all that an id may have, and that a query must not lose.
  if (topic.ids) draft.id = absl::StrCat(producer, "+/=~.", number);
  return draft;
}

}  // namespace sluice
