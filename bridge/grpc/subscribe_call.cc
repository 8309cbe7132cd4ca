#include "bridge/grpc/subscribe_call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bridge/grpc/delivery_message.h"

namespace sluice {
namespace {

constexpr size_t kSegmentBytes = 64 << 10;

}  // namespace

SubscribeCall::SubscribeCall(Hub& hub, std::shared_ptr<ReaderLoop> loop,
                             Selector selector, StartAt start,
                             bool require_topics, Peer& peer)
    : hub_(hub),
      loop_(std::move(loop)),
      selector_(std::move(selector)),
      start_(std::move(start)),
      require_topics_(require_topics),
      peer_(peer) {}

void SubscribeCall::InLoop(std::function<void(SubscribeCall&)> work) {
  loop_->Run([self = shared_from_this(), work = std::move(work)] {
    if (!self->finished_) work(*self);
  });
}

void SubscribeCall::Start() {
  InLoop([](SubscribeCall& self) { self.Watch(); });
}

void SubscribeCall::OnWritten(bool ok) {
  InLoop([ok](SubscribeCall& self) {
    self.writing_ = false;
    if (!ok) self.cancelled_ = true;
    self.Next();
  });
}

void SubscribeCall::OnCancel() {
  InLoop([](SubscribeCall& self) {
    self.cancelled_ = true;
    self.Next();
  });
}

void SubscribeCall::OnDrain() {
  InLoop([](SubscribeCall& self) {
    self.draining_ = true;
    self.Next();
  });
}

void SubscribeCall::Watch() {
  view_ = hub_.Watch(
      selector_, loop_->inbox(),
      [this] {
        if (finished_) return;
        view_->Take();
        news_ = true;
        Next();
      },
      [weak = weak_from_this()] {
        if (const auto self = weak.lock())
          self->InLoop([](SubscribeCall& call) { call.FindPlace(); });
      });
}

void SubscribeCall::FindPlace() {
  Store& store = hub_.store();
  const uint64_t last = start_.last.value_or(0);
  if (several()) {
    store.DescribeAll(
        selector_, last,
        [self = shared_from_this()](const Store::Overview& overview) {
          self->InLoop([overview](SubscribeCall& call) {
            call.Begin(sluice::FindPlace(call.start_, call.selector_, overview,
                                         call.hub_.store().epoch()),
                       overview.all_there);
          });
        });
    return;
  }
  store.Describe(
      selector_.names().front(), IdToLookUp(start_), last,
      [self = shared_from_this()](const Store::Description& description) {
        self->InLoop([description](SubscribeCall& call) {
          call.Begin(sluice::FindPlace(call.start_, description,
                                       call.hub_.store().epoch()),
                     description.info.has_value());
        });
      });
}

void SubscribeCall::Begin(const Place& place, bool all_there) {
  if (!all_there && require_topics_) {
    end_ = absl::NotFoundError("one of the topics is not there");
    return Next();
  }
  if (place.nothing_left) {
    end_ = absl::OkStatus();
    return Next();
  }
  begun_ = true;
  view_->CountSubscribers(1);
  peer_.Begin();
  cursor_ = place.after;
  known_losses_ = place.known_losses;
  if (place.gap) {
    std::vector<std::string> topics = selector_.names();
    topics.insert(topics.end(), selector_.patterns().begin(),
                  selector_.patterns().end());
    TellGap(*place.gap, topics);
  }
  if (place.tell_position) {
    messages_.emplace_back().mutable_position()->set_cursor(
        CursorAt(place.after));
  }
  for (const EntryRef& end : place.ends) TellEntry(*end);
  Next();
}

void SubscribeCall::Next() {
  if (writing_ || finished_) return;
  if (cancelled_) return Finish(absl::CancelledError("the call was cancelled"));
  if (!messages_.empty()) {
    writing_ = true;
    const v1::SubscribeResponse message = std::move(messages_.front());
    messages_.pop_front();
    return peer_.Write(message);
  }
  if (end_.has_value()) return Finish(*end_);
  if (begun_ && !reading_ && news_) return Read();
  if (draining_ && !reading_)
    Finish(absl::UnavailableError("the server is going down"));
}

void SubscribeCall::Finish(const absl::Status& status) {
  finished_ = true;
  if (begun_) view_->CountSubscribers(-1);
  // A view may not go while the inbox calls on it, nor its call before it.
  loop_->Run([self = shared_from_this(),
              view = std::shared_ptr<TopicView>(std::move(view_))] {});
  peer_.Finish(status);
}

void SubscribeCall::Read() {
  reading_ = true;
  news_ = false;
  hub_.store().Read(
      selector_, cursor_, kSegmentBytes,
      [self = shared_from_this()](Store::Segment segment) {
        auto boxed = std::make_shared<Store::Segment>(std::move(segment));
        self->InLoop([boxed](SubscribeCall& call) { call.OnSegment(*boxed); });
      });
}

void SubscribeCall::OnSegment(const Store::Segment& segment) {
  reading_ = false;
  if (!segment.at_end) news_ = true;
  const bool sends_away =
      !several() &&
      segment.settings.slow_reader == TopicSettings::SlowReader::kDisconnect;
  absl::Span<const Hole> holes = segment.holes;
  for (const EntryRef& entry : segment.entries) {
    if (!TellHoles(holes, entry->offset(), sends_away)) return Next();
    TellEntry(*entry);
    cursor_ = entry->offset();
  }
  if (!TellHoles(holes, segment.reached + 1, sends_away)) return Next();
  cursor_ = std::max(cursor_, segment.reached);
  if (segment.ended_at != 0 && cursor_ >= segment.ended_at)
    end_ = absl::OkStatus();
  Next();
}

bool SubscribeCall::TellHoles(absl::Span<const Hole>& holes, Offset offset,
                              bool sends_away) {
  absl::optional<Gap> gap;
  std::vector<std::string> topics;
  for (; !holes.empty() && holes.front().lost.through() < offset;
       holes.remove_prefix(1)) {
    const Hole& hole = holes.front();
    if (hole.number <= known_losses_) continue;
    const auto lost = GapAfter(cursor_, hole.lost, hub_.store().epoch());
    if (!lost) continue;
    if (sends_away) {
      end_ = absl::AbortedError(
          absl::StrCat("the reader is too slow for topic ", hole.topic));
      return false;
    }
    if (gap && gap->reason != lost->reason) {
      TellGap(*gap, topics);
      gap.reset();
      topics.clear();
    }
    if (!gap) gap = lost;
    gap->resumed = lost->resumed;
    topics.push_back(hole.topic);
  }
  if (gap) {
    TellGap(*gap, topics);
    cursor_ = gap->resumed;
  }
  return true;
}

void SubscribeCall::TellEntry(const Entry& entry) {
  v1::SubscribeResponse& message = messages_.emplace_back();
  if (!entry.is_end()) {
    *message.mutable_delivery() = ToDelivery(entry, hub_.store().epoch());
    return;
  }
  v1::Ended& ended = *message.mutable_ended();
  ended.set_topic(entry.topic());
  // One that is told to a new reader at once stands before its place.
  ended.set_cursor(CursorAt(std::max(entry.offset(), cursor_)));
  if (const auto& failure = entry.end().failure)
    *ended.mutable_error() = ToProto(*failure);
}

void SubscribeCall::TellGap(const Gap& gap,
                            const std::vector<std::string>& topics) {
  *messages_.emplace_back().mutable_gap() =
      ToProto(gap, topics, hub_.store().epoch());
}

}  // namespace sluice
