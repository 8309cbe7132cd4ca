// The real store, hub and places beside the model: random steps, and after each
// the two must agree. SLUICE_SEED repeats a run, SLUICE_MODEL_STEPS says how
// long it is.
#include "tests/model/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "bridge/hub/hub.h"
#include "bridge/store/memory_store.h"

namespace sluice {
namespace {

constexpr absl::Duration kTombstoneTtl = absl::Seconds(40);
constexpr absl::Duration kIdleTtl = absl::Seconds(25);
constexpr int kStepsAnEpisode = 20000;
constexpr std::chrono::seconds kPatience(30);
const End kLost{Failure{10, "producer lost"}};

int64_t FromEnvironment(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoll(text);
}

TopicSettings Defaults() {
  TopicSettings settings;
  settings.retention_events = 20;
  settings.retention_bytes = 600;
  settings.retention_age = absl::Seconds(20);
  return settings;
}

// One life of a log, and of its model.
class Episode {
 public:
  explicit Episode(uint32_t seed)
      : random_(seed), model_(Defaults(), kTombstoneTtl, kIdleTtl) {
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

  void Step() {
    switch (Pick(13)) {
      case 0:
        return Advance();
      case 1:
        return Release();
      case 2:
        return Create();
      case 3:
        return Pick(4) == 0 ? Delete() : EndOnly();
      case 4:
        return WatchOrNot();
      case 5:
      case 6:
        return Connect();
      case 7:
      case 8:
        return ReadOn();
      case 9:
        return Look(views_[Pick(views_.size())]);
      default:
        return Append();
    }
  }

  void Finish() {
    for (View& view : views_) {
      if (view.view != nullptr) Look(view);
    }
  }

 private:
  struct View {
    std::string topic;
    std::unique_ptr<TopicView> view;
    Offset at = 0;
  };
  struct Reader {
    std::string topic;
    Offset at = 0;
  };

  size_t Pick(size_t below) { return random_() % below; }
  std::string Name() { return absl::StrCat("t", Pick(8)); }
  std::string Id() { return Pick(2) == 0 ? "" : absl::StrCat("id", Pick(30)); }

  // What has fallen due happens first, in the order that the store chooses.
  void CatchUp() {
    const absl::Time now = absl::FromUnixMillis(now_ms_);
    std::vector<std::string> failing = model_.Failing(now);
    store_->Describe("t0", "", 0, [](Store::Description) {});
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

  void Advance() {
    now_ms_ += Pick(20) == 0 ? static_cast<int64_t>(Pick(60000))
                             : static_cast<int64_t>(Pick(800));
    CatchUp();
  }

  Store::Lease Lease() { return {1 + Pick(3), Pick(2) == 0}; }

  End AnyEnd() {
    if (Pick(2) == 0) return End{};
    return End{Failure{static_cast<int>(1 + Pick(2)), "m"}};
  }

  void Append() {
    Store::AppendRequest request;
    request.topic = Name();
    for (size_t n = Pick(5); n > 0; --n) {
      const size_t size = Pick(100) == 0 ? 700 : Pick(60);
      request.events.push_back(
          {Id(), Pick(3) == 0 ? "type" : "", std::string(size, 'x'), false, 0});
    }
    if (Pick(25) == 0) request.end = AnyEnd();
    if (Pick(4) == 0) request.lease = Lease();
    RunAppend(std::move(request));
  }

  void EndOnly() {
    Store::AppendRequest request;
    request.topic = Name();
    request.end = AnyEnd();
    request.make_topic = false;
    RunAppend(std::move(request));
  }

  void RunAppend(Store::AppendRequest request) {
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

  void Release() {
    const std::string name = Name();
    const Store::Lease lease = Lease();
    const absl::Duration grace = absl::Milliseconds(Pick(3000));
    model_.Release(name, lease, grace);
    store_->Release(name, lease, grace);
    // Without a grace the topic fails within the call.
    CatchUp();
    Compare(name);
  }

  void Create() {
    const std::string name = Name();
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

  void Delete() {
    const std::string name = Name();
    const absl::Status status = model_.Delete(name);
    store_->Delete(name, [&](const absl::Status& deleted) {
      EXPECT_EQ(deleted.code(), status.code());
    });
    Compare(name);
  }

  void WatchOrNot() {
    View& view = views_[Pick(views_.size())];
    if (view.view != nullptr) {
      Look(view);
      view.view = nullptr;
      model_.Unwatch(view.topic);
      return;
    }
    view.topic = Name();
    model_.Watch(view.topic);
    bool ready = false;
    view.view = hub_.Watch(
        Selector(view.topic), inbox_, [] {}, [&ready] { ready = true; });
    EXPECT_TRUE(ready);
    view.at = model_.visible_end();
  }

  // A view has all that was committed since it was looked at, and only that.
  void Look(View& view) {
    if (view.view == nullptr) return;
    std::vector<Model::Item> expected;
    for (const Model::Item& item : model_.Committed(view.topic)) {
      if (item.offset > view.at) expected.push_back(item);
    }
    while (!expected.empty() && view.at < expected.back().offset) {
      const TopicView::Tail tail = view.view->Take();
      ASSERT_EQ(tail.from, view.at);
      size_t next = 0;
      while (next < expected.size() && expected[next].offset <= view.at) ++next;
      for (const EntryRef& entry : tail.entries) {
        ASSERT_LT(next, expected.size());
        ExpectSame(*entry, expected[next++]);
      }
      view.at = tail.to;
    }
    EXPECT_TRUE(view.view->Take().entries.empty());
  }

  // A reader comes, from anywhere.
  void Connect() {
    Reader& reader = readers_[Pick(readers_.size())];
    reader.topic = Name();
    StartAt start;
    absl::optional<Offset> cursor;
    bool other_epoch = false;
    switch (Pick(7)) {
      case 0:
        cursor = Pick(model_.visible_end() + 4);
        break;
      case 1: {
        const auto& committed = model_.Committed(reader.topic);
        if (committed.empty()) break;
        const Model::Item& item = committed[Pick(committed.size())];
        start.id = item.event.id;
        if (start.id.empty()) cursor = item.offset;
        break;
      }
      case 2:
        other_epoch = true;
        start.id = Cursor{Epoch::Random(), Pick(100)}.ToString();
        break;
      case 3:
        start.id = Pick(2) == 0 ? "nothing like it" : Id();
        break;
      case 4:
        start.last = Pick(25);
        break;
      case 5:
        start.start = Pick(2) == 0 ? TopicSettings::Start::kEarliest
                                   : TopicSettings::Start::kLatest;
        break;
      default:
        break;
    }
    if (cursor) start.id = Cursor{store_->epoch(), *cursor}.ToString();
    const Place expected =
        model_.FindPlace(reader.topic, start, cursor, other_epoch);
    Store::Description description;
    store_->Describe(reader.topic, IdToLookUp(start), start.last.value_or(0),
                     [&](Store::Description d) { description = std::move(d); });
    const Place place = FindPlace(start, description, store_->epoch());
    ASSERT_EQ(place.after, expected.after) << start.id;
    ASSERT_EQ(place.nothing_left, expected.nothing_left);
    ASSERT_EQ(place.tell_position, expected.tell_position);
    ASSERT_EQ(place.gap.has_value(), expected.gap.has_value()) << start.id;
    if (place.gap) {
      EXPECT_EQ(place.gap->reason, expected.gap->reason);
      EXPECT_EQ(place.gap->requested, expected.gap->requested);
      EXPECT_EQ(place.gap->resumed, expected.gap->resumed);
    }
    reader.at = place.after;
  }

  // A reader that is behind reads a segment, and is told what it missed.
  void ReadOn() {
    Reader& reader = readers_[Pick(readers_.size())];
    if (reader.topic.empty()) return;
    const size_t bytes = 1 + Pick(400);
    Store::Segment segment;
    store_->Read(Selector(reader.topic), reader.at, bytes,
                 [&](Store::Segment s) { segment = std::move(s); });
    const std::vector<Model::Item> expected =
        model_.After(reader.topic, reader.at);
    ASSERT_LE(segment.entries.size(), expected.size());
    ASSERT_EQ(segment.entries.empty(), expected.empty());
    for (size_t i = 0; i < segment.entries.size(); ++i)
      ExpectSame(*segment.entries[i], expected[i]);
    EXPECT_EQ(segment.at_end, segment.entries.size() == expected.size());
    EXPECT_EQ(segment.reached,
              segment.at_end ? std::max(reader.at, model_.visible_end())
                             : expected[segment.entries.size() - 1].offset);
    // A hole stands in the segment that passes it.
    const Lost lost = model_.LostOf(reader.topic);
    const bool told =
        lost.through() > reader.at && lost.through() <= segment.reached;
    ASSERT_EQ(segment.holes.size(), told ? 1u : 0u);
    if (told) ExpectSame(segment.holes[0].lost, lost);
    reader.at = segment.reached;
  }

  static void ExpectSame(const Entry& entry, const Model::Item& item) {
    ASSERT_EQ(entry.offset(), item.offset);
    ASSERT_EQ(entry.time(), item.time);
    ASSERT_EQ(entry.is_end(), item.end.has_value());
    if (item.end) {
      EXPECT_TRUE(entry.end() == *item.end);
    } else {
      EXPECT_EQ(entry.id(), item.event.id);
      EXPECT_EQ(entry.type(), item.event.type);
      EXPECT_EQ(entry.data(), item.event.data);
    }
  }

  static void ExpectSame(const Lost& lost, const Lost& expected) {
    EXPECT_EQ(lost.trimmed_through, expected.trimmed_through);
    EXPECT_EQ(lost.gone_through, expected.gone_through);
  }

  void Compare(const std::string& name) {
    Store::Description description;
    store_->Describe(name, "", 0,
                     [&](Store::Description d) { description = std::move(d); });
    EXPECT_EQ(description.visible_end, model_.visible_end());
    ExpectSame(description.lost, model_.LostOf(name));
    const Model::Topic* topic = model_.Find(name);
    ASSERT_EQ(description.info.has_value(), topic != nullptr) << name;
    if (topic == nullptr) return;
    const TopicInfo& info = *description.info;
    EXPECT_EQ(info.events, topic->events.size());
    EXPECT_EQ(info.first,
              topic->events.empty() ? 0 : topic->events.front().offset);
    EXPECT_EQ(info.last, topic->last);
    EXPECT_EQ(info.last_event, topic->last_event);
    EXPECT_EQ(info.end != nullptr, topic->end.has_value());
    EXPECT_EQ(info.deleted, topic->deleted);
  }

  std::mt19937 random_;
  Model model_;
  std::atomic<int64_t> now_ms_{1000000};

  Mutex mutex_;
  Offset committed_ ABSL_GUARDED_BY(mutex_) = 0;
  // The topics that have failed by themselves since the model was told.
  std::vector<std::string> lost_ ABSL_GUARDED_BY(mutex_);

  Hub hub_;
  std::unique_ptr<Store> store_;
  LoopInbox inbox_{[] {}};
  std::array<View, 6> views_;
  std::array<Reader, 12> readers_;
};

TEST(ModelTest, StoreHubAndPlacesAreAsTheModelSays) {
  const int64_t steps =
      FromEnvironment("SLUICE_MODEL_STEPS", SLUICE_MODEL_STEPS);
  const auto first = static_cast<uint32_t>(
      FromEnvironment("SLUICE_SEED", std::random_device()()));
  std::cout << "SLUICE_SEED=" << first << ", " << steps << " steps"
            << std::endl;
  for (int64_t done = 0; done < steps; done += kStepsAnEpisode) {
    const auto seed = first + static_cast<uint32_t>(done / kStepsAnEpisode);
    Episode episode(seed);
    for (int step = 0; step < kStepsAnEpisode; ++step) {
      episode.Step();
      ASSERT_FALSE(testing::Test::HasFailure())
          << "step " << step << " of SLUICE_SEED=" << seed;
    }
    episode.Finish();
  }
}

}  // namespace
}  // namespace sluice
