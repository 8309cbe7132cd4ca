#include "tests/bench/threads/waiting_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bridge/config/config.h"
#include "bridge/http/sse_frame.h"

namespace sluice::bench {
namespace {

constexpr size_t kSegmentBytes = 64 << 10;

}  // namespace

WaitingReader::WaitingReader(Hub& hub, const std::string& topic)
    : hub_(hub),
      selector_(topic),
      unsent_(Opening(Config().retry)),
      heartbeat_(absl::ToChronoMilliseconds(Config().heartbeat)),
      inbox_([this] {
        MutexLock lock(mutex_);
        any_news_ = true;
        news_.NotifyAll();
      }),
      view_(hub.Watch(
          selector_, inbox_, [] {}, [] {})) {}

bool WaitingReader::Provide(httplib::DataSink& sink) {
  const bool silence = unsent_.empty() && !WaitForNews();
  inbox_.RunMarked();
  const TopicView::Tail tail = view_->Take();
  CatchUp(tail.from);
  for (const EntryRef& entry : tail.entries) {
    if (entry->offset() > at_) Add(entry);
  }
  at_ = std::max(at_, tail.to);
  if (silence && unsent_.empty()) unsent_ = std::string(kHeartbeat);
  if (unsent_.empty()) return true;
  const bool sent = sink.write(unsent_.data(), unsent_.size());
  unsent_.clear();
  if (ended_) sink.done();
  return sent;
}

bool WaitingReader::WaitForNews() {
  const auto until = std::chrono::steady_clock::now() + heartbeat_;
  MutexLock lock(mutex_);
  while (!any_news_ && std::chrono::steady_clock::now() < until)
    news_.WaitUntil(mutex_, until);
  return std::exchange(any_news_, false);
}

// Adds what the view has let go of, or never had.
void WaitingReader::CatchUp(Offset to) {
  while (at_ < to && !ended_) {
    hub_.store().Read(selector_, at_, kSegmentBytes,
                      [this](const Store::Segment& segment) {
                        for (const EntryRef& entry : segment.entries)
                          Add(entry);
                        at_ = segment.reached;
                      });
  }
}

void WaitingReader::Add(const EntryRef& entry) {
  const Epoch& epoch = hub_.store().epoch();
  ended_ = entry->is_end();
  absl::StrAppend(&unsent_, ended_
                                ? EndFrame(*entry, epoch, Config().error_event)
                                : EntryFrame(*entry, epoch));
}

}  // namespace sluice::bench
