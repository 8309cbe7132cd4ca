#include "bridge/http/encoded_run.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bridge/event/event_rules.h"
#include "bridge/http/event_json.h"
#include "bridge/http/sse_frame.h"

namespace sluice {
namespace {

constexpr size_t kMaxJoinedBytes = 16 << 10;

// What a frame of one line takes beside its event, about.
constexpr size_t kFrameBytes = 64;

bool IsPlainText(const Entry& entry) {
  return !entry.is_end() && !entry.json() && entry.retry_ms() == 0;
}

// Whether the two make one text: not too long, and not the end marker.
bool MayJoin(absl::string_view text, absl::string_view more) {
  const size_t bytes = text.size() + more.size();
  if (bytes == kDoneMarker.size() && absl::StrCat(text, more) == kDoneMarker)
    return false;
  return bytes <= kMaxJoinedBytes;
}

// Takes from the front of `entries` what may be one event, and returns its
// text. The first is plain text.
std::string TakeJoined(absl::Span<const EntryRef>& entries,
                       const Entry*& last) {
  std::string text;
  const absl::string_view type = entries[0]->type();
  do {
    last = entries[0].get();
    absl::StrAppend(&text, last->data());
    entries.remove_prefix(1);
  } while (!entries.empty() && IsPlainText(*entries[0]) &&
           entries[0]->type() == type && MayJoin(text, entries[0]->data()));
  return text;
}

}  // namespace

absl::optional<size_t> EncodedRun::BeginAfter(Offset cursor) const {
  const auto mark = std::upper_bound(
      marks.begin(), marks.end(), cursor,
      [](Offset offset, const Mark& m) { return offset < m.last; });
  if (mark == marks.end()) return bytes->size();
  if (cursor >= mark->first) return absl::nullopt;
  return mark->begin;
}

uint64_t EncodedRun::FramesFrom(size_t begin) const {
  if (begin == 0) return marks.size();
  const auto mark =
      std::lower_bound(marks.begin(), marks.end(), begin,
                       [](const Mark& m, size_t at) { return m.begin < at; });
  return static_cast<uint64_t>(marks.end() - mark);
}

Offset EncodedRun::LastBefore(size_t begin) const {
  const auto mark =
      std::lower_bound(marks.begin(), marks.end(), begin,
                       [](const Mark& m, size_t at) { return m.begin < at; });
  return mark == marks.begin() ? 0 : std::prev(mark)->last;
}

// `entry` has the place, the id and the type; `data` may be of more than one.
void RunFormat::AppendEvent(const Entry& entry, absl::string_view data,
                            std::string& to) const {
  if (stream.several) {
    AppendIdLine(entry.offset(), epoch, to);
  } else {
    AppendIdLine(entry, epoch, to);
  }
  AppendFields(entry.type(), entry.retry_ms(),
               stream.envelope ? EventJson(entry, epoch) : data, to);
}

void RunFormat::AppendEnd(const Entry& end, bool last, std::string& to) const {
  if (stream.several) {
    to += EndedFrame(end, end.offset(), epoch);
    if (last) to += DoneFrame(end.offset(), epoch);
  } else if (!end.silent_end()) {
    to += EndFrame(end, epoch, error_event);
  }
}

EncodedRun RunFormat::Encode(absl::Span<const EntryRef>& entries,
                             size_t max_bytes, Offset ended_at) const {
  EncodedRun run;
  std::string bytes;
  // Of many that become one, it would be far too much.
  size_t expected = 0;
  for (size_t i = 0; !coalesce && i < entries.size() && expected < max_bytes;
       ++i)
    expected += entries[i]->size_bytes() + kFrameBytes;
  bytes.reserve(expected);
  // Behind an end stands the topic's next life, for other readers.
  while (!entries.empty() && !run.ended && bytes.size() < max_bytes) {
    const Entry* entry = entries[0].get();
    const size_t begin = bytes.size();
    run.marks.push_back({entry->offset(), entry->offset(), begin});
    if (coalesce && IsPlainText(*entry)) {
      const std::string text = TakeJoined(entries, entry);
      AppendEvent(*entry, text, bytes);
    } else {
      if (entry->is_end()) {
        run.ended = !stream.several || entry->offset() == ended_at;
        AppendEnd(*entry, run.ended, bytes);
      } else {
        AppendEvent(*entry, entry->data(), bytes);
      }
      entries.remove_prefix(1);
    }
    if (stream.chunked && bytes.size() > begin) MakeChunk(begin, bytes);
    run.marks.back().last = run.reached = entry->offset();
  }
  run.bytes = std::make_shared<const std::string>(std::move(bytes));
  return run;
}

}  // namespace sluice
