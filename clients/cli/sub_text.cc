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

std::string JsonLine(const std::string& topic, const SseEvent& event) {
  return absl::StrCat("{\"topic\":", JsonQuote(topic),
                      ",\"id\":", JsonQuote(event.last_event_id),
                      ",\"type\":", JsonQuote(event.type),
                      ",\"data\":", JsonQuote(event.data), "}\n");
}

// The data of an event of several topics is an event in JSON, but for the
// bridge's own.
std::string LinesOfSeveral(const SubOptions& options, const SseEvent& event) {
  const bool is_own = absl::StartsWith(event.type, "sluice.");
  if (options.json)
    return is_own ? JsonLine("", event) : absl::StrCat(event.data, "\n");
  if (is_own) return "";
  const auto json = ParseJson(event.data);
  if (!json.ok()) return absl::StrCat(event.data, "\n");
  const auto& object = json->struct_value();
  return Prefixed(StringField(object, "topic") + ": ",
                  StringField(object, "data"));
}

}  // namespace

std::string EventsUrl(const std::string& bridge, const SubOptions& options) {
  const auto heartbeat = absl::Ceil(options.heartbeat, absl::Seconds(1));
  std::string url = absl::StrCat(absl::StripSuffix(bridge, "/"), "/v1/");
  if (IsOfSeveral(options)) {
    absl::StrAppend(&url, "events?envelope=json&");
    for (const std::string& topic : options.topics)
      absl::StrAppend(&url, "topic=", PercentEncode(topic), "&");
  } else {
    absl::StrAppend(&url, "topics/", PercentEncode(options.topics.front()),
                    "/events?");
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
  if (IsOfSeveral(options)) return LinesOfSeveral(options, event);
  if (options.json) return JsonLine(options.topics.front(), event);
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
