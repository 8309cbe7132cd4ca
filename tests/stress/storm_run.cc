#include "tests/stress/storm_run.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/stress/eventually.h"
#include "tests/stress/follower.h"
#include "tests/stress/gnat.h"
#include "tests/stress/selector_follower.h"

namespace sluice {
namespace {

constexpr int kRivers = 2;
constexpr int kRiverProducers = 2;
constexpr int kOtherProducers = 6;
constexpr size_t kTopics = 24;  // at a time
constexpr int kPatternReaders = 12;

// Whoever waits for longer is stuck.
constexpr int64_t kPatienceMs = 90000;

}  // namespace

StormRun::StormRun(Storm& storm, const LinkFactory& make_link, uint64_t seed)
    : storm_(storm),
      dice_(seed),
      link_(make_link(storm)),
      producers_(storm, make_link, kRivers * kRiverProducers + kOtherProducers,
                 dice_.Seed()) {}

std::shared_ptr<StormTopic> StormRun::NewTopic(bool river) {
  auto topic = std::make_shared<StormTopic>();
  topic->name = absl::StrCat(river ? "river" : "topic", ".", ++next_topic_);
  topic->river = river;
  topic->ledger = storm_.ledger.Open(topic->name);
  topic->ending = static_cast<StormTopic::Ending>(dice_.Below(3));
  topic->settings.retention_events = 1000000;
  topic->settings.retention_age = absl::Seconds(30);
  if (river) {
    topic->producers = kRiverProducers;
    topic->settings.retention_events = dice_.Between(20, 200);
    topic->batch = 4;
    topic->padding = 400;
    return topic;
  }
  topic->producers = static_cast<int>(dice_.Between(1, 3));
  topic->events = dice_.Below(dice_.OneIn(4) ? 200 : 30);
  topic->batch = dice_.Between(1, 30);
  topic->padding = dice_.OneIn(10) ? 20000 : 200;
  topic->settings.omit_done_marker = dice_.OneIn(5);
  if (dice_.OneIn(20)) {
    // More at once than waits for a loop.
    topic->events = topic->batch = 6000;
    topic->padding = 10;
    return topic;
  }
  switch (dice_.Below(4)) {
    case 0:
      topic->settings.retention_events = dice_.Between(1, 50);
      break;
    case 1:
      topic->settings.retention_age =
          absl::Milliseconds(static_cast<int64_t>(dice_.Between(1, 1000)));
      break;
    default:
      topic->ids = true;
      break;
  }
  return topic;
}

void StormRun::SendReaders(const std::shared_ptr<StormTopic>& topic) {
  const uint64_t count = topic->river ? 20 : dice_.Below(10);
  const uint64_t entries =
      static_cast<uint64_t>(topic->producers) * topic->events + 1;
  for (uint64_t i = 0; i < count; ++i) {
    ++topic->readers;
    // Some before the first event, some behind the end.
    coming_.push_back({topic, dice_.OneIn(3) ? 0
                                             : static_cast<size_t>(dice_.Below(
                                                   entries * 5 / 4 + 1))});
  }
}

void StormRun::BeginTopics(bool more) {
  while (more && topics_.size() < kTopics) {
    const bool river = next_topic_ < kRivers;
    auto topic = NewTopic(river);
    topics_.push_back(topic);
    SendReaders(topic);
    if (topics_.size() > 1 && dice_.OneIn(3)) {
      const auto& other = topics_[dice_.Below(topics_.size() - 1)];
      SendReaderOfSeveral({topic->name, other->name});
    }
    unpublished_.emplace_back(
        fleet_.now_ms() + static_cast<int64_t>(dice_.Below(200)), topic);
  }
  for (size_t i = 0; i < unpublished_.size();) {
    if (unpublished_[i].first > fleet_.now_ms()) {
      ++i;
      continue;
    }
    const auto topic = unpublished_[i].second;
    unpublished_.erase(unpublished_.begin() + static_cast<ptrdiff_t>(i));
    link_->Create(*topic);
    producers_.Add(topic);
  }
}

void StormRun::SendReaderOfSeveral(std::vector<std::string> entries) {
  fleet_.Add(std::make_unique<StormReader>(
      storm_,
      std::make_unique<SelectorFollower>(storm_.side,
                                         *Selector::Parse(std::move(entries)),
                                         storm_.ledger, storm_.findings),
      [count = readers_of_several_] { --*count; }, fleet_, totals_,
      dice_.Seed(), dice_.OneIn(3)));
  ++*readers_of_several_;
}

void StormRun::SendReadersOfSeveral() {
  static const std::vector<std::vector<std::string>> kPatterns = {
      {"topic.*"}, {"river.>"}, {">"}, {"*.1", "*.2", "topic.*", "nobody"}};
  for (int i = 0; i < kPatternReaders; ++i)
    SendReaderOfSeveral(kPatterns[static_cast<size_t>(i) % kPatterns.size()]);
}

void StormRun::SendThoseWhoAreDue() {
  const auto due = [this](const Coming& coming) {
    const StormTopic& topic = *coming.topic;
    if (topic.ledger->size() < coming.after && !topic.ended) return false;
    fleet_.Add(std::make_unique<StormReader>(
        storm_,
        std::make_unique<Follower>(storm_.side, topic.name,
                                   topic.settings.omit_done_marker,
                                   topic.ledger, storm_.findings),
        [kept = coming.topic] { --kept->readers; }, fleet_, totals_,
        dice_.Seed(), dice_.OneIn(3)));
    return true;
  };
  coming_.erase(std::remove_if(coming_.begin(), coming_.end(), due),
                coming_.end());
}

bool StormRun::Settled(const StormTopic& topic) {
  if (topic.readers > 0 || !topic.ended) return false;
  const Store::Description now = storm_.side.Describe(topic.name);
  if (!now.info || now.info->end == nullptr ||
      topic.ledger->IndexAfter(now.info->end->offset() - 1) ==
          topic.ledger->size() ||
      storm_.side.hub().Subscribers(topic.name) > *readers_of_several_)
    return false;
  const size_t events = topic.ledger->size() - 1;
  const size_t trimmed = topic.ledger->IndexAfter(now.lost.through());
  if (now.info->events != events - std::min(trimmed, events) ||
      now.info->events > topic.settings.retention_events) {
    storm_.findings.Add(
        Findings::kLost,
        absl::StrCat(topic.name, " keeps ", now.info->events, " of ", events,
                     " events, and has trimmed ", trimmed));
  }
  return true;
}

void StormRun::Settle() {
  const auto settled = [this](const std::shared_ptr<StormTopic>& topic) {
    if (!Settled(*topic)) return false;
    storm_.ledger.Forget(topic->name);
    return true;
  };
  topics_.erase(std::remove_if(topics_.begin(), topics_.end(), settled),
                topics_.end());
}

HttpOptions StormRun::NextOptions(Dice& dice) {
  HttpOptions options = HttpSide::Options();
  options.loops = static_cast<int>(dice.Between(1, 3));
  options.retry = absl::Milliseconds(100);
  // So little that segments are dropped while they are needed.
  if (dice.OneIn(2)) options.replay_memory = 100 << 10;
  if (dice.OneIn(2)) options.max_stream_age = absl::Milliseconds(700);
  return options;
}

void StormRun::RestartHttp(Dice dice) {
  while (!storm_.calming) {
    const auto until = std::chrono::steady_clock::now() +
                       std::chrono::milliseconds(dice.Between(200, 8000));
    while (!storm_.calming && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (storm_.calming) return;
    ++storm_.generation;
    if (dice.OneIn(2)) storm_.side.Drain(absl::Milliseconds(300));
    storm_.side.StopHttp();
    storm_.side.StartHttp(NextOptions(dice));
    ++storm_.generation;
    ++restarts_;
  }
}

void StormRun::Run(std::chrono::seconds length) {
  storm_.side.StartHttp(NextOptions(dice_));
  std::thread restarts(
      [this, dice = Dice(dice_.Seed())] { RestartHttp(dice); });
  const auto calm_at = std::chrono::steady_clock::now() + length;
  int64_t give_up_ms = 0;
  int64_t next_gnat_ms = 0;
  SendReadersOfSeveral();
  while (!storm_.calming || !topics_.empty() || fleet_.size() > 0) {
    if (!storm_.calming && std::chrono::steady_clock::now() >= calm_at) {
      storm_.calming = true;
      give_up_ms = fleet_.now_ms() + kPatienceMs;
    }
    BeginTopics(!storm_.calming);
    SendThoseWhoAreDue();
    if (!storm_.calming && fleet_.now_ms() >= next_gnat_ms) {
      next_gnat_ms = fleet_.now_ms() + static_cast<int64_t>(dice_.Below(50));
      fleet_.Add(std::make_unique<Gnat>(
          storm_, topics_[dice_.Below(topics_.size())]->name, fleet_,
          dice_.Seed()));
    }
    fleet_.Turn();
    Settle();
    storm_.calm = storm_.calming && topics_.empty();
    if (storm_.calming && fleet_.now_ms() > give_up_ms) break;
  }
  restarts.join();
  for (const char* topic : {"topic.1", "river.1", "nobody"}) {
    if (!Eventually([&] { return storm_.side.hub().Subscribers(topic) == 0; }))
      storm_.findings.Add(Findings::kOther,
                          absl::StrCat("subscribers of ", topic, " are left"));
  }
  for (const auto& client : fleet_.clients())
    storm_.findings.Add(Findings::kOther,
                        absl::StrCat("stuck: ", client->ToString()));
  for (const auto& topic : topics_) {
    storm_.findings.Add(
        Findings::kOther,
        absl::StrCat(topic->name, " is not over: ", topic->readers,
                     " readers, ", topic->ledger->size(), " entries, ",
                     storm_.side.hub().Subscribers(topic->name),
                     " subscribers"));
  }
}

std::string StormRun::Summary() const {
  const Findings& findings = storm_.findings;
  return absl::StrCat(
      "storm: events ", storm_.ledger.entries(), ", topics ", next_topic_,
      ", readers ", totals_.readers, ", deliveries ", totals_.delivered,
      ", connections ", totals_.connections, ", gaps ", totals_.gaps,
      ", restarts ", restarts_, ", lost ", findings.count(Findings::kLost),
      ", doubled ", findings.count(Findings::kDoubled), ", reordered ",
      findings.count(Findings::kReordered), ", wrong ",
      findings.count(Findings::kOther));
}

}  // namespace sluice
