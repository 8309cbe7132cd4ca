#include "tests/model/episode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

constexpr absl::Duration kTombstoneTtl = absl::Seconds(40);
constexpr absl::Duration kIdleTtl = absl::Seconds(25);
constexpr std::chrono::seconds kPatience(30);
const End kLost{Failure{10, "producer lost"}};

TopicSettings Defaults() {
  TopicSettings settings;
  settings.retention_events = 20;
  settings.retention_bytes = 600;
  settings.retention_age = absl::Seconds(20);
  return settings;
}

}  // namespace

Episode::Episode(uint32_t seed)
    : random_(seed), model_(Defaults(), kTombstoneTtl, kIdleTtl), losses_(1) {
  MemoryStoreOptions options;
  options.rules = TopicRules(Defaults());
  options.tombstone_ttl = kTombstoneTtl;
  options.idle_topic_ttl = kIdleTtl;
  options.now = [this] { return absl::FromUnixMillis(now_ms_); };
  store_ = NewMemoryStore(options, [this](absl::Span<const EntryRef> batch) {
    {
      MutexLock lock(mutex_);
      for (const EntryRef& entry : batch) {
        ASSERT_EQ(entry->offset(), ++committed_);
        if (entry->is_end() && entry->end() == kLost)
          lost_.push_back(entry->topic());
      }
    }
    hub_.OnCommitted(batch);
  });
  hub_.SetStore(store_.get());
  CatchUp();
}

void Episode::Step() {
  model_.BeginStep();
  switch (Pick(18)) {
    case 0:
      Advance();
      break;
    case 1:
      Release();
      break;
    case 2:
      Create();
      break;
    case 3:
      Pick(3) == 0 ? Delete() : EndOnly();
      break;
    case 4:
      WatchOrNot();
      break;
    case 5:
    case 6:
      Connect();
      break;
    case 7:
    case 8:
      ReadOn();
      break;
    case 9:
      Look(views_[Pick(views_.size())]);
      break;
    case 10:
      ConnectToSeveral();
      break;
    case 11:
    case 12:
      ReadOnOfSeveral();
      break;
    case 13:
      TurnPages();
      break;
    case 14:
      List();
      break;
    default:
      Append();
      break;
  }
  CompareLosses();
}

void Episode::Finish() {
  for (View& view : views_) {
    if (view.view != nullptr) Look(view);
  }
}

// Of one token and of more, some the beginnings of others.
std::string Episode::PickName() {
  static constexpr const char* kNames[] = {"a",   "a.x", "a.x.z", "a.y",
                                           "a-x", "b",   "b.x",   "c.y.z"};
  return kNames[Pick(std::size(kNames))];
}

std::string Episode::PickEventId() {
  return Pick(2) == 0 ? "" : absl::StrCat("id", Pick(30));
}

Selector Episode::PickSelector() {
  static constexpr const char* kPatterns[] = {">",   "a.*", "a.>",  "*.x",
                                              "*.>", "*",   "a.*.z"};
  std::vector<std::string> entries;
  for (size_t n = 1 + Pick(3); n > 0; --n) {
    entries.push_back(Pick(3) == 0 ? kPatterns[Pick(std::size(kPatterns))]
                                   : PickName());
  }
  return *Selector::Parse(std::move(entries));
}

Episode::Id Episode::PickId(const std::string& topic) {
  Id id;
  switch (Pick(4)) {
    case 0:
      id.cursor = Pick(model_.visible_end() + 4);
      break;
    case 1: {
      const Model::Item* item = model_.AnyCommitted(topic, random_());
      if (item == nullptr) break;
      id.text = item->event.id;
      if (id.text.empty()) id.cursor = item->offset;
      break;
    }
    case 2:
      id.other_epoch = true;
      id.text = Cursor{Epoch::Random(), Pick(100)}.ToString();
      break;
    default:
      id.text = Pick(2) == 0 ? "nothing like it" : PickEventId();
      break;
  }
  if (id.cursor) id.text = Cursor{store_->epoch(), *id.cursor}.ToString();
  return id;
}

End Episode::PickEnd() {
  if (Pick(2) == 0) return End{};
  return End{Failure{static_cast<int>(1 + Pick(2)), "m"}};
}

// What has fallen due happens first, in the order that the store chooses.
void Episode::CatchUp() {
  const absl::Time now = absl::FromUnixMillis(now_ms_);
  std::vector<std::string> failing = model_.Failing(now);
  store_->Describe("a", "", 0, [](Store::Description) {});
  std::vector<std::string> lost;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (lost.size() < failing.size() &&
         std::chrono::steady_clock::now() < deadline) {
    MutexLock lock(mutex_);
    lost = lost_;
    if (lost.size() >= failing.size()) lost_.clear();
  }
  ASSERT_TRUE(std::is_permutation(lost.begin(), lost.end(), failing.begin(),
                                  failing.end()));
  model_.Advance(now, lost);
}

void Episode::Advance() {
  now_ms_ += Pick(20) == 0 ? static_cast<int64_t>(Pick(60000))
                           : static_cast<int64_t>(Pick(800));
  CatchUp();
}

void Episode::Append() {
  Store::AppendRequest request;
  request.topic = PickName();
  request.make_topic = Pick(6) != 0;
  for (size_t n = Pick(5); n > 0; --n) {
    const size_t size = Pick(100) == 0 ? 700 : Pick(60);
    request.events.push_back({PickEventId(), Pick(3) == 0 ? "type" : "",
                              std::string(size, 'x'), false, 0});
  }
  if (Pick(25) == 0) request.end = PickEnd();
  if (Pick(4) == 0) request.lease = PickLease();
  RunAppend(std::move(request));
}

void Episode::EndOnly() {
  Store::AppendRequest request;
  request.topic = PickName();
  request.end = PickEnd();
  request.make_topic = false;
  RunAppend(std::move(request));
}

void Episode::RunAppend(Store::AppendRequest request) {
  Store::Appended expected;
  const absl::Status status = model_.Append(request, expected);
  store_->Append(request, [&](absl::StatusOr<Store::Appended> appended) {
    ASSERT_EQ(appended.status().code(), status.code());
    if (!appended.ok()) return;
    EXPECT_EQ(appended->accepted, expected.accepted);
    EXPECT_EQ(appended->duplicates, expected.duplicates);
    EXPECT_EQ(appended->last, expected.last);
  });
  Compare(request.topic);
}

void Episode::Release() {
  const std::string name = PickName();
  const Store::Lease lease = PickLease();
  const absl::Duration grace = absl::Milliseconds(Pick(3000));
  model_.Release(name, lease, grace);
  store_->Release(name, lease, grace);
  // Without a grace the topic fails within the call.
  CatchUp();
  Compare(name);
}

void Episode::Create() {
  const std::string name = PickName();
  TopicSettings settings = Defaults();
  settings.retention_events = 1 + Pick(30);
  settings.retention_age = absl::Seconds(1 + Pick(30));
  settings.omit_done_marker = Pick(3) == 0;
  if (Pick(3) == 0) settings.default_start = TopicSettings::Start::kLatest;
  const bool replace = Pick(2) == 0;
  const absl::Status status = model_.Create(name, settings, replace);
  store_->Create(name, settings, replace,
                 [&](const absl::StatusOr<TopicInfo>& info) {
                   EXPECT_EQ(info.status().code(), status.code());
                 });
  Compare(name);
}

void Episode::Delete() {
  const std::string name = PickName();
  const absl::Status status = model_.Delete(name);
  store_->Delete(name, [&](const absl::Status& deleted) {
    EXPECT_EQ(deleted.code(), status.code());
  });
  Compare(name);
}

void Episode::WatchOrNot() {
  View& view = views_[Pick(views_.size())];
  if (view.view != nullptr) {
    Look(view);
    view.view = nullptr;
    for (const std::string& name : view.selector.names()) model_.Unwatch(name);
    return;
  }
  view.selector = PickSelector();
  for (const std::string& name : view.selector.names()) model_.Watch(name);
  bool ready = false;
  view.view = hub_.Watch(
      view.selector, inbox_, [] {}, [&ready] { ready = true; });
  EXPECT_TRUE(ready);
  view.at = model_.visible_end();
  view.subscribers = static_cast<int>(Pick(3));
  view.view->CountSubscribers(view.subscribers);
}

}  // namespace sluice
