#include "clients/cli/sub_text.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "clients/cli/http_stream.h"
#include "clients/cli/json_value.h"

namespace sluice {

namespace {

// `prefix` and a line, for each line of `text`.
std::string Prefixed(const std::string& prefix, const std::string& text) {
  std::string lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n'))
    absl::StrAppend(&lines, prefix, line, "\n");
  return lines;
}

// Whether the bridge is asked for each event as JSON, and so for its topic and
// its cursor.
bool HasEnvelope(const SubOptions& options) {
  return options.json || IsOfSeveral(options);
}

// Under an envelope only the bridge's own events have other data: gaps, ends,
// and the error of a failed end whose `[DONE]` did not come.
bool IsBridgesOwn(const SseEvent& event) {
  return absl::StartsWith(event.type, "sluice.") ||
         !absl::StartsWith(event.data, "{\"topic\":");
}

// One of the bridge's own in the shape of all others. It is JSON, its id is a
// cursor, and when it happened is not known.
std::string OwnJsonLine(const std::string& topic, const SseEvent& event) {
  const std::string id = JsonQuote(event.last_event_id);
  return absl::StrCat("{\"topic\":", JsonQuote(topic), ",\"id\":", id,
                      ",\"cursor\":", id, ",\"type\":", JsonQuote(event.type),
                      ",\"data\":", JsonQuote(event.data),
                      ",\"json\":true,\"time\":null}\n");
}

std::string JsonLine(const SubOptions& options, const SseEvent& event) {
  if (!IsBridgesOwn(event)) return absl::StrCat(event.data, "\n");
  return OwnJsonLine(IsOfSeveral(options) ? "" : options.topics.front(), event);
}

std::string LinesOfSeveral(const SseEvent& event) {
  if (absl::StartsWith(event.type, "sluice.")) return "";
  const auto json = ParseJson(event.data);
  if (!json.ok()) return absl::StrCat(event.data, "\n");
  const auto& object = json->struct_value();
  return Prefixed(StringField(object, "topic") + ": ",
                  StringField(object, "data"));
}

}  // namespace

std::string EventsUrl(const std::string& bridge, const SubOptions& options) {
  const auto heartbeat = absl::Ceil(options.heartbeat, absl::Seconds(1));
  const char* envelope = HasEnvelope(options) ? "envelope=json&" : "";
  std::string url = absl::StrCat(absl::StripSuffix(bridge, "/"), "/v1/");
  if (IsOfSeveral(options)) {
    absl::StrAppend(&url, "events?", envelope);
    for (const std::string& topic : options.topics)
      absl::StrAppend(&url, "topic=", PercentEncode(topic), "&");
  } else {
    absl::StrAppend(&url, "topics/", PercentEncode(options.topics.front()),
                    "/events?", envelope);
  }
  absl::StrAppend(&url, "heartbeat=", absl::ToInt64Seconds(heartbeat));
  if (!options.from.empty()) absl::StrAppend(&url, "&from=", options.from);
  if (options.last >= 0) absl::StrAppend(&url, "&last=", options.last);
  return url;
}

bool IsOfSeveral(const SubOptions& options) {
  // No topic's name has a wildcard's character in it.
  return options.topics.size() > 1 ||
         options.topics.front().find_first_of("*>") != std::string::npos;
}

std::string EventLines(const SubOptions& options, const SseEvent& event) {
  if (options.json) return JsonLine(options, event);
  if (IsOfSeveral(options)) return LinesOfSeveral(event);
  return absl::StrCat(event.data, "\n");
}

absl::optional<EndedTopic> ParseEnded(const SseEvent& event) {
  if (event.type != "sluice.ended") return absl::nullopt;
  const auto json = ParseJson(event.data);
  if (!json.ok() || !json->has_struct_value()) return absl::nullopt;
  const auto& object = json->struct_value();
  const std::string topic = StringField(object, "topic");
  const auto error = object.fields().find("error");
  if (error == object.fields().end() || !error->second.has_struct_value())
    return EndedTopic{absl::StrCat(topic, " is completed"), false};
  const auto& failure = error->second.struct_value();
  return EndedTopic{
      absl::StrCat(topic, " failed: ", StringField(failure, "code"), ": ",
                   StringField(failure, "message")),
      true};
}

std::string GapSentence(const SseEvent& gap) {
  const auto json = ParseJson(gap.data);
  if (!json.ok() || !json->has_struct_value())
    return absl::StrCat("events are missing: ", gap.data);
  const auto& object = json->struct_value();
  return absl::StrCat("events are missing: ", StringField(object, "reason"),
                      ", went on at ", StringField(object, "resumed"));
}

std::string UnreachableSentence(const std::string& bridge,
                                absl::string_view reason) {
  return absl::StrCat("can't reach the bridge at ", bridge, " (HTTP): ", reason,
                      "; is it running? --http or SLUICE_HTTP says where");
}

std::string RefusalSentence(const std::string& bridge, int status,
                            const std::string& content_type,
                            const std::string& body) {
  const auto json = ParseJson(body);
  if (json.ok()) {
    const auto& fields = json->struct_value().fields();
    const auto error = fields.find("error");
    if (error != fields.end() && error->second.has_struct_value()) {
      const auto& object = error->second.struct_value();
      return absl::StrCat(StringField(object, "code"), ": ",
                          StringField(object, "message"));
    }
  }
  return absl::StrCat(bridge, " answered ", status, " with ",
                      content_type.empty() ? "nothing" : content_type,
                      ", not as expected; is it a Sluice bridge?");
}

}  // namespace sluice
