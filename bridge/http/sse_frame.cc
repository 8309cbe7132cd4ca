#include "bridge/http/sse_frame.h"

#include "absl/strings/str_cat.h"
#include "bridge/base/json.h"
#include "bridge/event/event_rules.h"
#include "bridge/http/event_json.h"

namespace sluice {
namespace {

std::string CursorText(Offset offset, const Epoch& epoch) {
  return Cursor{epoch, offset}.ToString();
}

}  // namespace

std::string EventFrame(absl::string_view id, absl::string_view type,
                       uint32_t retry_ms, absl::string_view data) {
  std::string frame = absl::StrCat("id: ", id, "\n");
  AppendFields(type, retry_ms, data, frame);
  return frame;
}

void AppendFields(absl::string_view type, uint32_t retry_ms,
                  absl::string_view data, std::string& to) {
  if (!type.empty()) absl::StrAppend(&to, "event: ", type, "\n");
  if (retry_ms != 0) absl::StrAppend(&to, "retry: ", retry_ms, "\n");
  // Nearly all data has LF alone, which is quicker to find.
  const char* const breaks =
      data.find('\r') == absl::string_view::npos ? "\n" : "\r\n";
  while (true) {
    const size_t line_end = data.find_first_of(breaks);
    absl::StrAppend(&to, "data: ", data.substr(0, line_end), "\n");
    if (line_end == absl::string_view::npos) break;
    const bool crlf = data.substr(line_end, 2) == "\r\n";
    data.remove_prefix(line_end + (crlf ? 2 : 1));
  }
  to += '\n';
}

void AppendIdLine(const Entry& entry, const Epoch& epoch, std::string& to) {
  if (entry.id().empty()) return AppendIdLine(entry.offset(), epoch, to);
  absl::StrAppend(&to, "id: ", entry.id(), "\n");
}

void AppendIdLine(Offset offset, const Epoch& epoch, std::string& to) {
  absl::StrAppend(&to, "id: ", epoch.text(), "-", offset, "\n");
}

std::string EntryId(const Entry& entry, const Epoch& epoch) {
  return entry.id().empty() ? CursorText(entry.offset(), epoch)
                            : std::string(entry.id());
}

std::string EntryFrame(const Entry& entry, const Epoch& epoch) {
  std::string frame;
  AppendIdLine(entry, epoch, frame);
  AppendFields(entry.type(), entry.retry_ms(), entry.data(), frame);
  return frame;
}

std::string EndFrame(const Entry& end, const Epoch& epoch,
                     absl::string_view error_event) {
  std::string frame;
  if (end.end().failure) {
    frame = EventFrame(CursorText(end.offset() - 1, epoch), error_event, 0,
                       FailureJson(end.end()));
  }
  return frame + DoneFrame(end.offset(), epoch);
}

std::string EndedFrame(const Entry& end, Offset at, const Epoch& epoch) {
  return EventFrame(CursorText(at, epoch), "sluice.ended", 0,
                    absl::StrCat("{\"topic\":", JsonString(end.topic()),
                                 ",\"error\":", FailureJson(end.end()), "}"));
}

std::string DoneFrame(Offset at, const Epoch& epoch) {
  return EventFrame(CursorText(at, epoch), "", 0, kDoneMarker);
}

std::string GapFrame(const Gap& gap, const std::vector<std::string>& topics,
                     const Epoch& epoch) {
  return EventFrame(CursorText(gap.resumed, epoch), "sluice.gap", 0,
                    GapJson(gap, topics, epoch));
}

std::string PositionFrame(Offset at, const Epoch& epoch) {
  return EventFrame(CursorText(at, epoch), "sluice.position", 0, "{}");
}

std::string Opening(absl::Duration retry) {
  return absl::StrCat("retry: ", absl::ToInt64Milliseconds(retry),
                      "\n: sluice\n");
}

std::string Chunk(absl::string_view payload) {
  std::string chunk(payload);
  MakeChunk(0, chunk);
  return chunk;
}

void MakeChunk(size_t begin, std::string& to) {
  to.insert(begin, absl::StrCat(absl::Hex(to.size() - begin), "\r\n"));
  to += "\r\n";
}

}  // namespace sluice
