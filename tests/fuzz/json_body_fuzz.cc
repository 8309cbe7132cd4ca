// A request's body as an event's JSON, and as what the requests that change
// topics take.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "bridge/event/event_rules.h"
#include "bridge/event/selector.h"
#include "bridge/http/compact_json.h"
#include "bridge/http/topic_json.h"
#include "tests/fuzz/json_reference.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/utf8_reference.h"

namespace sluice {
namespace {

constexpr size_t kMaxBytes = 8 << 10;

// How deep lists and objects lie in each other.
size_t DepthOf(const Json& json) {
  size_t depth = 0;
  for (const Json& item : json.items) depth = std::max(depth, DepthOf(item));
  for (const auto& member : json.members)
    depth = std::max(depth, DepthOf(member.second));
  const bool nests =
      json.kind == Json::Kind::kList || json.kind == Json::Kind::kObject;
  return depth + (nests ? 1 : 0);
}

bool Same(const Json& a, const Json& b) {
  if (a.kind != b.kind || a.boolean != b.boolean || a.number != b.number ||
      a.text != b.text || a.items.size() != b.items.size() ||
      a.members.size() != b.members.size())
    return false;
  for (size_t i = 0; i < a.items.size(); ++i) {
    if (!Same(a.items[i], b.items[i])) return false;
  }
  for (size_t i = 0; i < a.members.size(); ++i) {
    if (a.members[i].first != b.members[i].first ||
        !Same(a.members[i].second, b.members[i].second))
      return false;
  }
  return true;
}

// All but the space, within strings too.
std::string Ink(absl::string_view text) {
  std::string ink;
  for (const char c : text) {
    if (!absl::StrContains(" \t\n\r", c)) ink += c;
  }
  return ink;
}

// The reference takes whole surrogate pairs alone, and no number of more than
// 64 bytes.
bool MayDiffer(absl::string_view text) {
  size_t run = 0;
  for (const char c : text) {
    run = absl::StrContains("+-.0123456789eE", c) ? run + 1 : 0;
    if (run > 64) return true;
  }
  return absl::StrContains(text, "\\ud") || absl::StrContains(text, "\\uD");
}

void CheckCompact(const std::string& text) {
  const absl::StatusOr<std::string> compact = CompactJson(text);
  const absl::optional<Json> json = ReadJson(text);
  if (json) {
    Require(compact.ok() == (DepthOf(*json) <= kMaxJsonDepth),
            "JSON is taken unless it nests too deeply");
  }
  if (!compact.ok()) {
    Require(absl::IsInvalidArgument(compact.status()), "a refusal is one");
    return;
  }
  Require(json.has_value() || MayDiffer(text), "what is taken is JSON");
  Require(compact->find_first_of("\t\n\r") == std::string::npos,
          "what goes out is one line");
  Require(Ink(*compact) == Ink(text), "nothing but space is left out");
  Require(*CompactJson(*compact) == *compact, "what is compact stays so");
  Require(CheckText(*compact).ok(), "JSON is a text that a stream can carry");
  if (json) {
    const absl::optional<Json> again = ReadJson(*compact);
    Require(again && Same(*json, *again), "the value is the same");
  }
}

void CheckRefusal(const absl::Status& status) {
  Require(absl::IsInvalidArgument(status) &&
              absl::StrContains(status.message(), ": "),
          "a refusal names the field");
}

void CheckBodies(const std::string& body) {
  if (const auto topic = ParseCreateTopic(body, TopicRules()); topic.ok()) {
    Require(CheckWritableTopic(topic->topic).ok(), "a topic may have its name");
    Require(topic->settings.retention_events > 0 &&
                topic->settings.retention_bytes > 0 &&
                CheckRetentionAge(topic->settings.retention_age).ok(),
            "a topic may have its settings");
  } else {
    CheckRefusal(topic.status());
  }
  if (const auto end = ParseEndTopic(body); end.ok()) {
    Require(!end->failure || (CheckFailureCode(end->failure->code).ok() &&
                              DecodesAsUtf8(end->failure->message)),
            "an end may fail so");
  } else {
    CheckRefusal(end.status());
  }
  if (const auto reason = ParseStop(body); reason.ok()) {
    Require(reason->size() <= kMaxReasonBytes && DecodesAsUtf8(*reason),
            "a reason is a text, and bounded");
  } else {
    CheckRefusal(reason.status());
  }
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > sluice::kMaxBytes) return -1;
  const std::string body(reinterpret_cast<const char*>(data), size);
  sluice::CheckCompact(body);
  sluice::CheckBodies(body);
  return 0;
}
