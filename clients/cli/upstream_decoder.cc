#include "clients/cli/upstream_decoder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "bridge/event/event_rules.h"
#include "clients/cli/clean_utf8.h"

namespace sluice {
namespace {

std::string CleanText(std::string text) {
  CleanUtf8(text);
  if (text.find('\0') == std::string::npos) return text;
  return absl::StrReplaceAll(text,
                             {{absl::string_view("\0", 1), "\xEF\xBF\xBD"}});
}

}  // namespace

absl::Status UpstreamDecoder::Feed(absl::string_view bytes,
                                   std::vector<v1::Event>& events) {
  if (event_stream_) {
    std::vector<StreamItem> items;
    const absl::Status status = stream_.Feed(bytes, items);
    // A failed end comes as one chunk, and nearly always in one piece. If not,
    // its first event is passed on, too: a producer's own is never late.
    stream_.Release(items);
    for (StreamItem& item : items) TakeItem(std::move(item), events);
    return status;
  }
  std::vector<std::string> lines;
  const absl::Status status = lines_.Feed(bytes, lines);
  for (std::string& line : lines) TakeLine(std::move(line), events);
  return status;
}

void UpstreamDecoder::Finish(std::vector<v1::Event>& events) {
  if (auto line = lines_.Finish()) TakeLine(*std::move(line), events);
}

std::vector<std::string> UpstreamDecoder::TakeNotes() {
  return std::exchange(notes_, {});
}

void UpstreamDecoder::TakeItem(StreamItem item,
                               std::vector<v1::Event>& events) {
  switch (item.kind) {
    case StreamItem::Kind::kEvent: {
      v1::Event& event = events.emplace_back();
      if (item.event.id && CheckEventId(*item.event.id).ok())
        event.set_id(*item.event.id);
      SetType(std::move(item.event.type), event);
      event.set_text(CleanText(std::move(item.event.data)));
      return;
    }
    case StreamItem::Kind::kGap:
      notes_.push_back(absl::StrCat("the upstream no longer has some events: ",
                                    item.event.data));
      return;
    case StreamItem::Kind::kCompleted:
      end_.emplace();
      return;
    case StreamItem::Kind::kFailed:
      end_.emplace();
      end_->mutable_error()->set_code(item.code);
      end_->mutable_error()->set_message(CleanText(std::move(item.message)));
      return;
  }
}

void UpstreamDecoder::SetType(std::string type, v1::Event& event) {
  if (CheckEventType(type).ok()) {
    event.set_type(std::move(type));
  } else if (!std::exchange(noted_type_, true)) {
    notes_.push_back(
        absl::StrCat("a type that the bridge refuses is left out: ",
                     CleanText(std::move(type))));
  }
}

void UpstreamDecoder::TakeLine(std::string line,
                               std::vector<v1::Event>& events) {
  if (end_) return;
  if (line == kDoneMarker) {
    end_.emplace();
    return;
  }
  events.emplace_back().set_text(CleanText(std::move(line)));
}

}  // namespace sluice
