#include "clients/cli/sub_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "clients/cli/http_stream.h"
#include "clients/cli/json_value.h"

namespace sluice {

std::string EventsUrl(const std::string& bridge, const SubOptions& options) {
  const auto heartbeat = absl::Ceil(options.heartbeat, absl::Seconds(1));
  std::string url =
      absl::StrCat(absl::StripSuffix(bridge, "/"), "/v1/topics/",
                   PercentEncode(options.topic),
                   "/events?heartbeat=", absl::ToInt64Seconds(heartbeat));
  if (!options.from.empty()) absl::StrAppend(&url, "&from=", options.from);
  if (options.last >= 0) absl::StrAppend(&url, "&last=", options.last);
  return url;
}

std::string JsonLine(const std::string& topic, const SseEvent& event) {
  return absl::StrCat("{\"topic\":", JsonQuote(topic),
                      ",\"id\":", JsonQuote(event.last_event_id),
                      ",\"type\":", JsonQuote(event.type),
                      ",\"data\":", JsonQuote(event.data), "}");
}

std::string GapSentence(const SseEvent& gap) {
  const auto json = ParseJson(gap.data);
  if (!json.ok() || !json->has_struct_value())
    return absl::StrCat("events are missing: ", gap.data);
  const auto& object = json->struct_value();
  return absl::StrCat("events are missing: ", StringField(object, "reason"),
                      ", went on at ", StringField(object, "resumed"));
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
                      ", not with an event stream; is it a Sluice bridge?");
}

}  // namespace sluice
