#include "tests/stress/direct_link.h"

#include <algorithm>
#include <atomic>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

class DirectLink final : public ProducerLink {
 public:
  explicit DirectLink(Storm& storm) : storm_(storm) {}

  void Create(const StormTopic& topic) override {
    const absl::Status status =
        storm_.side.Create(topic.name, topic.settings, false);
    if (!status.ok()) Report(topic, status.ToString());
  }

  bool Publish(const StormTopic& topic, const std::string& producer,
               uint64_t from, uint64_t to, Dice& dice) override {
    while (from < to) {
      const uint64_t until = std::min(to, from + dice.Between(1, topic.batch));
      Store::AppendRequest request;
      request.topic = topic.name;
      for (uint64_t n = from; n < until; ++n)
        request.events.push_back(MakeEvent(topic, producer, n));
      const auto appended = storm_.side.Append(request);
      CheckAppended(topic, appended, until - from, 0);
      if (topic.ids && dice.OneIn(4)) {
        const auto again = storm_.side.Append(std::move(request));
        CheckAppended(topic, again, 0, until - from);
      }
      from = until;
    }
    return true;
  }

  void End(const StormTopic& topic, Dice& dice) override {
    Store::AppendRequest request;
    request.topic = topic.name;
    if (topic.ending == StormTopic::Ending::kProducerLost) {
      const Store::Lease lease{NextHolder(), true};
      request.lease = lease;
      const auto appended = storm_.side.Append(std::move(request));
      if (!appended.ok()) Report(topic, appended.status().ToString());
      storm_.side.store().Release(
          topic.name, lease,
          absl::Milliseconds(static_cast<int64_t>(dice.Below(50))));
      return;
    }
    request.end = sluice::End{FailureOf(topic)};
    const auto appended = storm_.side.Append(std::move(request));
    if (!appended.ok()) Report(topic, appended.status().ToString());
  }

  void PublishBehindTheEnd(const StormTopic& topic) override {
    Store::AppendRequest request;
    request.topic = topic.name;
    request.events.push_back({"", "", "too late"});
    const auto appended = storm_.side.Append(std::move(request));
    if (appended.status().code() != absl::StatusCode::kFailedPrecondition)
      Report(topic, "an event is taken after the end");
    Store::AppendRequest end;
    end.topic = topic.name;
    end.end = sluice::End{FailureOf(topic)};
    if (const auto again = storm_.side.Append(std::move(end)); !again.ok())
      Report(topic, "the same end is refused");
  }

 private:
  static uint64_t NextHolder() {
    static std::atomic<uint64_t> last{0};
    return ++last;
  }

  void CheckAppended(const StormTopic& topic,
                     const absl::StatusOr<Store::Appended>& appended,
                     uint64_t accepted, uint64_t duplicates) {
    if (!appended.ok()) return Report(topic, appended.status().ToString());
    if (appended->accepted != accepted || appended->duplicates != duplicates)
      Report(topic, absl::StrCat("accepted ", appended->accepted,
                                 " instead of ", accepted));
  }

  void Report(const StormTopic& topic, absl::string_view what) {
    storm_.findings.Add(Findings::kOther,
                        absl::StrCat("publishing to ", topic.name, ": ", what));
  }

  Storm& storm_;
};

}  // namespace

std::unique_ptr<ProducerLink> NewDirectLink(Storm& storm) {
  return std::make_unique<DirectLink>(storm);
}

}  // namespace sluice
