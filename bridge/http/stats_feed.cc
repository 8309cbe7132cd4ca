#include "bridge/http/stats_feed.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

constexpr int64_t kPeriodMs = 1000;

// A minute: what a page that opens can draw at once.
constexpr uint64_t kKeptEvents = 60;

uint64_t ResidentBytes() {
  uint64_t size = 0;
  uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t PerSecond(uint64_t before, uint64_t now, int64_t ms) {
  return ms <= 0 ? 0
                 : ((now - before) * 1000 + static_cast<uint64_t>(ms) / 2) /
                       static_cast<uint64_t>(ms);
}

}  // namespace

std::string Stats::ToJson(const Stats& before) const {
  const int64_t ms = up_ms - before.up_ms;
  const LoopCounters& then = before.counters;
  return absl::StrCat(
      "{\"uptime_seconds\":", up_ms / 1000, ",\"connections\":", connections,
      ",\"streams\":", counters.streams, ",\"behind\":", backlog.readers,
      ",\"lag\":", backlog.most, ",\"topics\":", log.topics,
      ",\"log_bytes\":", log.bytes, ",\"published\":", published,
      ",\"published_per_second\":", PerSecond(before.published, published, ms),
      ",\"deliveries\":", counters.deliveries, ",\"deliveries_per_second\":",
      PerSecond(then.deliveries, counters.deliveries, ms),
      ",\"bytes\":", counters.bytes,
      ",\"bytes_per_second\":", PerSecond(then.bytes, counters.bytes, ms),
      ",\"gaps\":", counters.gaps, ",\"memory\":", memory, "}");
}

std::shared_ptr<StatsFeed> StatsFeed::Make(Hub& hub, const Loops& loops,
                                           const HttpTotals& totals) {
  std::shared_ptr<StatsFeed> feed(new StatsFeed(hub, loops, totals));
  hub.producers().Add(kStatsTopic, feed->weak_from_this());
  // Else nobody could become its first reader.
  if (feed->home().options().require_topics) feed->MakeTopic();
  return feed;
}

StatsFeed::StatsFeed(Hub& hub, const Loops& loops, const HttpTotals& totals)
    : hub_(hub),
      loops_(loops),
      totals_(totals),
      start_ms_(home().event_loop().now_ms()) {}

StatsFeed::~StatsFeed() {
  hub_.producers().Remove(kStatsTopic, weak_from_this());
}

void StatsFeed::OnInterest(const std::string&) {
  home().event_loop().Post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Begin();
  });
}

void StatsFeed::MakeTopic() {
  TopicSettings settings;
  settings.retention_events = kKeptEvents;
  settings.retention_age = absl::Seconds(kKeptEvents);
  const auto ignore = [](const auto&) {};
  hub_.store().Create(kStatsTopic, settings, false, ignore);
  // Held, it is not forgotten however long nobody reads it.
  Store::AppendRequest hold;
  hold.topic = kStatsTopic;
  hold.lease = Store::Lease{~uint64_t{0}, false};
  hub_.store().Append(std::move(hold), ignore);
}

void StatsFeed::Begin() {
  if (running_ || !IsRead()) return;
  running_ = true;
  before_.reset();
  MakeTopic();
  Collect();
}

void StatsFeed::OnTimer() {
  running_ = IsRead();
  if (running_) Collect();
}

void StatsFeed::Collect() {
  now_ = Stats();
  missing_ = loops_.size();
  for (const auto& loop : loops_) {
    loop->event_loop().Post(
        [weak = weak_from_this(), &loop = *loop, &home = home()] {
          home.event_loop().Post([weak, counters = loop.counters(),
                                  backlog = loop.channels().CountBehind()] {
            if (const auto self = weak.lock())
              self->OnReport(counters, backlog);
          });
        });
  }
}

void StatsFeed::OnReport(const LoopCounters& counters, const Backlog& backlog) {
  now_.counters += counters;
  now_.backlog.readers += backlog.readers;
  now_.backlog.most = std::max(now_.backlog.most, backlog.most);
  if (--missing_ > 0) return;
  now_.connections = totals_.connections;
  now_.published = hub_.published();
  now_.memory = ResidentBytes();
  now_.up_ms = home().event_loop().now_ms() - start_ms_;
  hub_.store().Measure([weak = weak_from_this()](Store::Size size) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->home().RunInLoop([weak, size] {
      if (const auto feed = weak.lock()) {
        feed->now_.log = size;
        feed->Publish();
      }
    });
  });
}

void StatsFeed::Publish() {
  EventDraft draft;
  draft.data = now_.ToJson(before_.value_or(now_));
  draft.json = true;
  before_ = now_;
  Store::AppendRequest request;
  request.topic = kStatsTopic;
  request.events.push_back(std::move(draft));
  hub_.store().Append(std::move(request), [](const auto&) {});
  EventLoop& loop = home().event_loop();
  loop.timers().Arm(*this, loop.now_ms() + kPeriodMs);
}

}  // namespace sluice
