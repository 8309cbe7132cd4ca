// How an episode's store, hub and places are compared with its model.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "bridge/hub/history.h"
#include "tests/model/episode.h"

namespace sluice {
namespace {

void ExpectSame(const Entry& entry, const Model::Item& item) {
  ASSERT_EQ(entry.offset(), item.offset);
  EXPECT_EQ(entry.topic(), item.topic);
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

void ExpectSame(const std::vector<EntryRef>& entries,
                const std::vector<Model::Item>& items) {
  ASSERT_EQ(entries.size(), items.size());
  for (size_t i = 0; i < entries.size(); ++i) ExpectSame(*entries[i], items[i]);
}

void ExpectSame(const Lost& lost, const Lost& expected) {
  EXPECT_EQ(lost.trimmed_through, expected.trimmed_through);
  EXPECT_EQ(lost.gone_through, expected.gone_through);
}

void ExpectSame(const absl::optional<Gap>& gap,
                const absl::optional<Gap>& expected) {
  ASSERT_EQ(gap.has_value(), expected.has_value());
  if (!gap) return;
  EXPECT_EQ(gap->reason, expected->reason);
  EXPECT_EQ(gap->requested, expected->requested);
  EXPECT_EQ(gap->resumed, expected->resumed);
}

void ExpectSame(const Place& place, const Place& expected) {
  ASSERT_EQ(place.after, expected.after);
  ASSERT_EQ(place.nothing_left, expected.nothing_left);
  ASSERT_EQ(place.tell_position, expected.tell_position);
  EXPECT_EQ(place.ahead.through, expected.ahead.through);
  ExpectSame(place.gap, expected.gap);
}

// In one order, where several stand in one place.
template <typename T>
void SortHoles(std::vector<T>& holes) {
  std::sort(holes.begin(), holes.end(), [](const T& a, const T& b) {
    return std::make_pair(a.lost.through(), a.topic) <
           std::make_pair(b.lost.through(), b.topic);
  });
}

}  // namespace

// A view has all that was committed since it was looked at, and only that.
void Episode::Look(View& view) {
  if (view.view == nullptr) return;
  const std::vector<Model::Item> expected =
      model_.CommittedAfter(view.selector, view.at);
  size_t next = 0;
  while (next < expected.size()) {
    const TopicView::Tail tail = view.view->Take();
    ASSERT_EQ(tail.from, view.at);
    ASSERT_FALSE(tail.entries.empty());
    for (const EntryRef& entry : tail.entries) {
      ASSERT_LT(next, expected.size());
      ExpectSame(*entry, expected[next++]);
    }
    view.at = tail.to;
  }
  EXPECT_TRUE(view.view->Take().entries.empty());
}

// A reader comes, from anywhere.
void Episode::Connect() {
  Reader& reader = readers_[Pick(readers_.size())];
  reader.topic = PickName();
  StartAt start;
  Id id;
  switch (Pick(7)) {
    case 0:
      start.last = Pick(25);
      break;
    case 1:
      start.start = Pick(2) == 0 ? TopicSettings::Start::kEarliest
                                 : TopicSettings::Start::kLatest;
      break;
    case 2:
      break;
    default:
      id = PickId(reader.topic);
      start.id = id.text;
      break;
  }
  const Place expected =
      model_.FindPlace(reader.topic, start, id.cursor, id.other_epoch);
  Store::Description description;
  store_->Describe(reader.topic, IdToLookUp(start), start.last.value_or(0),
                   [&](Store::Description d) { description = std::move(d); });
  const Place place = FindPlace(start, description, store_->epoch());
  ExpectSame(place, expected);
  reader.at = place.after;
}

// A reader that is behind reads a segment, and is told what it missed.
void Episode::ReadOn() {
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
  EXPECT_EQ(segment.reached, segment.at_end
                                 ? std::max(reader.at, model_.visible_end())
                                 : expected[segment.entries.size() - 1].offset);
  // A hole stands in the segment that passes it.
  const Lost lost = model_.LostOf(reader.topic);
  const bool told =
      lost.through() > reader.at && lost.through() <= segment.reached;
  ASSERT_EQ(segment.holes.size(), told ? 1u : 0u);
  if (told) ExpectSame(segment.holes[0].lost, lost);
  reader.at = segment.reached;
}

// A reader of several comes, which takes cursors alone.
void Episode::ConnectToSeveral() {
  ReaderOfSeveral& reader =
      readers_of_several_[Pick(readers_of_several_.size())];
  reader.selector = PickSelector();
  StartAt start;
  Id id;
  switch (Pick(5)) {
    case 0:
      start.last = Pick(25);
      break;
    case 1:
      start.start = Pick(2) == 0 ? TopicSettings::Start::kEarliest
                                 : TopicSettings::Start::kLatest;
      break;
    case 2:
      break;
    default:
      id = PickId(PickName());
      start.id = id.text;
      break;
  }
  const uint64_t last = start.last.value_or(0);
  const Model::Overview expected = model_.DescribeAll(reader.selector, last);
  Store::Overview overview;
  store_->DescribeAll(reader.selector, last,
                      [&](Store::Overview o) { overview = std::move(o); });
  EXPECT_EQ(overview.visible_end, model_.visible_end());
  EXPECT_EQ(overview.losses, losses_.back());
  EXPECT_EQ(overview.lost_through, expected.lost_through);
  EXPECT_EQ(overview.ended_at, expected.ended_at);
  EXPECT_EQ(overview.all_there, expected.all_there);
  ExpectSame(overview.ends, expected.ends);

  const Place place =
      FindPlace(start, reader.selector, overview, store_->epoch());
  const Place wanted = model_.FindPlace(reader.selector, start, expected,
                                        id.cursor, id.other_epoch);
  ExpectSame(place, wanted);
  reader.at = place.after;
  const bool fresh = !id.cursor || place.gap;
  // Whoever comes anew need not hear of old losses, but of the ends behind it.
  EXPECT_EQ(place.known_losses, fresh ? losses_.back() : 0);
  if (place.ahead.through > 0) {
    EXPECT_EQ(place.ahead.losses, losses_.back());
  }
  std::vector<Model::Item> ends = expected.ends;
  ends.erase(std::remove_if(ends.begin(), ends.end(),
                            [&](const Model::Item& end) {
                              return !fresh || end.offset > place.after;
                            }),
             ends.end());
  ExpectSame(place.ends, ends);
}

// It reads a segment, with what it missed before it and further on.
void Episode::ReadOnOfSeveral() {
  ReaderOfSeveral& reader =
      readers_of_several_[Pick(readers_of_several_.size())];
  const Selector& selector = reader.selector;
  Store::Segment segment;
  store_->Read(selector, reader.at, 1 + Pick(600),
               [&](Store::Segment s) { segment = std::move(s); });
  std::vector<Model::Item> expected = model_.ReadAll(selector, reader.at);
  ASSERT_LE(segment.entries.size(), expected.size());
  ASSERT_EQ(segment.entries.empty(), expected.empty());
  EXPECT_EQ(segment.at_end, segment.entries.size() == expected.size());
  expected.resize(segment.entries.size());
  ExpectSame(segment.entries, expected);
  EXPECT_EQ(segment.reached, segment.at_end
                                 ? std::max(reader.at, model_.visible_end())
                                 : expected.back().offset);
  EXPECT_EQ(segment.losses, losses_.back());
  EXPECT_EQ(segment.ended_at, model_.DescribeAll(selector, 0).ended_at);

  std::vector<Model::Hole> holes = model_.Holes(selector, reader.at);
  EXPECT_TRUE(std::is_sorted(segment.holes.begin(), segment.holes.end(),
                             [](const Hole& a, const Hole& b) {
                               return a.lost.through() < b.lost.through();
                             }));
  SortHoles(holes);
  SortHoles(segment.holes);
  ASSERT_EQ(segment.holes.size(), holes.size());
  for (size_t i = 0; i < holes.size(); ++i) {
    EXPECT_EQ(segment.holes[i].topic, holes[i].topic);
    ExpectSame(segment.holes[i].lost, holes[i].lost);
    ExpectLostIn(segment.holes[i].number, holes[i].lost_in);
  }
  ExpectNothingMissed(reader, segment);
  reader.at = segment.reached;
}

// Whatever the model says of holes: what was committed and is not shown is
// behind one of the topic, or of what may have been it.
void Episode::ExpectNothingMissed(const ReaderOfSeveral& reader,
                                  const Store::Segment& segment) const {
  // From the log's beginning a pattern does not have tombstones.
  if (reader.at == 0 && !reader.selector.patterns().empty()) return;
  size_t next = 0;
  for (const Model::Item& item :
       model_.CommittedAfter(reader.selector, reader.at)) {
    if (item.offset > segment.reached) return;
    if (next < segment.entries.size() &&
        segment.entries[next]->offset() == item.offset) {
      ++next;
      continue;
    }
    const bool told = std::any_of(segment.holes.begin(), segment.holes.end(),
                                  [&](const Hole& hole) {
                                    return hole.lost.through() >= item.offset &&
                                           Matches(hole.topic, item.topic);
                                  });
    ASSERT_TRUE(told) << item.topic << " " << item.offset;
  }
}

// A page of history.
void Episode::TurnPages() {
  const std::string name = PickName();
  HistoryRequest request;
  Id id;
  if (Pick(2) == 0) id = PickId(name);
  request.after = id.text;
  if (Pick(3) == 0) request.last = 1 + Pick(25);
  request.limit = 1 + Pick(10);
  // Then on, page by page, to the end.
  for (bool more = true; more && !testing::Test::HasFailure();) {
    HistoryPage page;
    ReadHistory(hub_, name, request,
                [&](HistoryPage p) { page = std::move(p); });
    ASSERT_EQ(page.there,
              model_.Find(name) != nullptr || SubscribersOf(name) > 0);
    if (!page.there) return;
    const Model::Page expected =
        model_.History(name, request, id.cursor, id.other_epoch);
    ExpectSame(page.events, expected.events);
    EXPECT_EQ(page.cursor, expected.cursor);
    ASSERT_EQ(page.end != nullptr, expected.end.has_value());
    if (page.end != nullptr) ExpectSame(*page.end, *expected.end);
    ExpectSame(page.gap, expected.gap);
    more = page.end == nullptr && page.cursor < model_.visible_end();
    request.last.reset();
    id = Id{Cursor{store_->epoch(), page.cursor}.ToString(), page.cursor};
    request.after = id.text;
  }
}

// A listing from anywhere, page by page.
void Episode::List() {
  const Selector selector = PickSelector();
  const std::string pattern = selector.patterns().empty()
                                  ? selector.names().front()
                                  : selector.patterns().front();
  std::string after = Pick(2) == 0 ? "" : PickName();
  const std::vector<std::string> expected = model_.List(pattern, after);
  const size_t limit = 1 + Pick(10);
  size_t next = 0;
  for (bool more = true; more;) {
    Store::Listing listing;
    store_->List(pattern, after, limit,
                 [&](Store::Listing l) { listing = std::move(l); });
    ASSERT_EQ(listing.topics.size(), std::min(limit, expected.size() - next));
    for (const Store::Listing::Topic& topic : listing.topics) {
      ASSERT_EQ(topic.name, expected[next++]);
      const Model::Topic* known = model_.Find(topic.name);
      ASSERT_EQ(topic.info.has_value(), known != nullptr);
      if (known == nullptr) continue;
      EXPECT_EQ(topic.info->last, known->last);
      EXPECT_EQ(topic.info->events, known->events.size());
      EXPECT_EQ(topic.settings.retention_events,
                known->settings.retention_events);
    }
    more = !listing.next.empty();
    if (more) {
      ASSERT_GT(listing.next, after);
    }
    after = listing.next;
  }
  EXPECT_EQ(next, expected.size());
}

void Episode::Compare(const std::string& name) {
  Store::Description description;
  store_->Describe(name, "", 0,
                   [&](Store::Description d) { description = std::move(d); });
  EXPECT_EQ(description.visible_end, model_.visible_end());
  ExpectSame(description.lost, model_.LostOf(name));
  EXPECT_EQ(hub_.Subscribers(name), SubscribersOf(name));
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

uint64_t Episode::SubscribersOf(const std::string& name) const {
  uint64_t subscribers = 0;
  for (const View& view : views_) {
    if (view.view != nullptr && view.selector.Selects(name))
      subscribers += static_cast<uint64_t>(view.subscribers);
  }
  return subscribers;
}

// The store counts losses in the order of the steps.
void Episode::CompareLosses() {
  static const Selector kAny("a");
  uint64_t losses = 0;
  store_->DescribeAll(kAny, 0,
                      [&](const Store::Overview& o) { losses = o.losses; });
  EXPECT_GE(losses, losses_.back());
  EXPECT_EQ(losses > losses_.back(), model_.LostSomething());
  losses_.push_back(losses);
}

void Episode::ExpectLostIn(uint64_t number, int64_t step) const {
  ASSERT_LT(static_cast<size_t>(step), losses_.size());
  EXPECT_GT(number, losses_[static_cast<size_t>(step) - 1]);
  EXPECT_LE(number, losses_[static_cast<size_t>(step)]);
}

}  // namespace sluice
