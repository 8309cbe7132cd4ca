// What the bridge writes as server-sent events, read again by the standard's
// own steps. An input is an id, a type and a retry, each on a line, and behind
// them the data.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "bridge/event/event_rules.h"
#include "bridge/http/sse_frame.h"
#include "tests/fuzz/json_reference.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/sse_reference.h"
#include "tests/fuzz/utf8_reference.h"

namespace sluice {
namespace {

constexpr Offset kOffset = 12345;

std::string TakeLine(std::string& text) {
  const size_t end = text.find('\n');
  std::string line = text.substr(0, end);
  text.erase(0, end == std::string::npos ? end : end + 1);
  return line;
}

// As a reader sees it: CR and CRLF are LF.
std::string Normalized(const std::string& data) {
  std::string seen;
  for (size_t i = 0; i < data.size(); ++i) {
    if (data[i] == '\n' && i > 0 && data[i - 1] == '\r') continue;
    seen += data[i] == '\r' ? '\n' : data[i];
  }
  return seen;
}

Epoch SomeEpoch() { return *Epoch::Parse("abcdefghij234"); }

std::string CursorAt(Offset offset) {
  return Cursor{SomeEpoch(), offset}.ToString();
}

struct Input {
  std::string id;    // empty: none, or not one that a producer may give
  std::string type;  // the same
  uint32_t retry_ms = 0;
  std::string data;
};

Input Read(std::string text) {
  Input input;
  input.id = TakeLine(text);
  if (!CheckEventId(input.id).ok()) input.id.clear();
  input.type = TakeLine(text);
  if (!CheckEventType(input.type).ok()) input.type.clear();
  input.retry_ms =
      static_cast<uint32_t>(std::strtoul(TakeLine(text).c_str(), nullptr, 10));
  input.data = std::move(text);
  return input;
}

void RequireEvent(const SeenEvent& seen, const std::string& id,
                  absl::string_view type, const std::string& data) {
  Require(seen.last_event_id == id, "the id is the one that was given");
  Require(seen.type == type, "the type is the one that was given");
  Require(seen.data == data, "the data is what was given, line by line");
}

// The JSON of a frame that the bridge makes of its own.
Json RequireJson(const SeenEvent& seen) {
  Require(seen.data.find('\n') == std::string::npos, "JSON is one line");
  absl::optional<Json> json = ReadJson(seen.data);
  Require(json.has_value() && json->kind == Json::Kind::kObject,
          "the data is a JSON object");
  return *std::move(json);
}

// `json` must say `text`, which may have been any bytes.
void RequireText(const Json* json, const std::string& text) {
  Require(json != nullptr && json->kind == Json::Kind::kString,
          "the member is a string");
  Require(!DecodesAsUtf8(text) || json->text == text,
          "a text in UTF-8 comes back as it was");
}

std::string CheckEvent(const Input& input) {
  const std::string id = input.id.empty() ? CursorAt(kOffset) : input.id;
  std::string frame = EventFrame(id, input.type, input.retry_ms, input.data);
  const std::vector<SeenEvent> seen = ReadEventStream(frame);
  Require(seen.size() == 1, "a frame is one event");
  RequireEvent(seen[0], id, input.type, Normalized(input.data));
  Require(seen[0].retry_ms.value_or(0) == input.retry_ms,
          "the retry is the one that was given");
  Require(frame.find('\r') == std::string::npos, "a frame's lines end in LF");
  Require(frame.find("\n\n") == frame.size() - 2,
          "the only empty line is the last");

  const Entry entry(
      kOffset, absl::UnixEpoch(), std::make_shared<const std::string>("t"),
      EventDraft{input.id, input.type, NormalizeLineBreaks(input.data), false,
                 input.retry_ms});
  Require(EntryFrame(entry, SomeEpoch()) == frame,
          "an entry's frame is that of its event");
  return frame;
}

void CheckEnd(const Input& input) {
  const std::string type = input.type.empty() ? "error" : input.type;
  const int code = 1 + static_cast<int>(input.data.size() % 16);
  const Entry entry(kOffset, absl::UnixEpoch(),
                    std::make_shared<const std::string>("t"),
                    End{Failure{code, input.data}}, false);
  const std::vector<SeenEvent> seen =
      ReadEventStream(EndFrame(entry, SomeEpoch(), type));
  Require(seen.size() == 2, "a failed end is two events");
  RequireEvent(seen[0], CursorAt(kOffset - 1), type, seen[0].data);
  const Json json = RequireJson(seen[0]);
  Require(json.Member("code") != nullptr, "a failure has a code");
  RequireText(json.Member("message"), input.data);
  RequireEvent(seen[1], CursorAt(kOffset), "", "[DONE]");
}

std::string CheckGap(const Input& input) {
  std::string frame = GapFrame({input.data, kOffset, GapReason::kUnknownId},
                               {"t"}, SomeEpoch());
  const std::vector<SeenEvent> seen = ReadEventStream(frame);
  Require(seen.size() == 1, "a gap is one event");
  RequireEvent(seen[0], CursorAt(kOffset), "sluice.gap", seen[0].data);
  const Json json = RequireJson(seen[0]);
  RequireText(json.Member("requested"), input.data);
  RequireText(json.Member("resumed"), CursorAt(kOffset));
  return frame;
}

// Chunks (RFC 9112 7.1) as a client takes them apart.
std::string ReadChunks(std::string wire) {
  std::string body;
  while (true) {
    char* end;
    const size_t size = std::strtoul(wire.c_str(), &end, 16);
    wire.erase(0, static_cast<size_t>(end - wire.c_str()));
    Require(wire.rfind("\r\n", 0) == 0, "a chunk's size ends its line");
    Require(wire.substr(2 + size, 2) == "\r\n", "a chunk ends in CRLF");
    if (size == 0) {
      Require(wire.size() == 4, "nothing is behind the last chunk");
      return body;
    }
    body += wire.substr(2, size);
    wire.erase(0, size + 4);
  }
}

// All of it in one stream, as a reader gets it.
void CheckStream(const Input& input, const std::string& gap,
                 const std::string& event) {
  std::string stream = Opening(absl::Seconds(2));
  Require(ReadEventStream(stream).empty(), "the opening is no event");
  std::string wire;
  for (const std::string& part :
       {stream, gap, std::string(kHeartbeat), event, std::string(kHeartbeat),
        PositionFrame(kOffset, SomeEpoch()), event}) {
    wire += Chunk(part);
  }
  wire += std::string(kLastChunk);
  const std::vector<SeenEvent> seen = ReadEventStream(ReadChunks(wire));
  Require(seen.size() == 4, "what is no event fires none");
  Require(seen[0].retry_ms == 2000, "the opening sets the retry");
  Require(
      seen[1].data == Normalized(input.data) && seen[3].data == seen[1].data,
      "an event is the same wherever it stands");
}

void Check(const Input& input) {
  const std::string event = CheckEvent(input);
  CheckEnd(input);
  CheckStream(input, CheckGap(input), event);
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::Check(
      sluice::Read(std::string(reinterpret_cast<const char*>(data), size)));
  return 0;
}
