#include "bridge/http/event_json.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "bridge/base/error_table.h"
#include "bridge/base/json.h"
#include "bridge/http/sse_frame.h"

namespace sluice {

std::string EventJson(const Entry& entry, const Epoch& epoch) {
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ",
                                            entry.time(), absl::UTCTimeZone());
  return absl::StrCat(
      "{\"topic\":", JsonString(entry.topic()),
      ",\"id\":", JsonString(EntryId(entry, epoch)),
      ",\"cursor\":", JsonString(Cursor{epoch, entry.offset()}.ToString()),
      ",\"type\":", JsonString(entry.type()),
      ",\"data\":", JsonString(entry.data()),
      ",\"json\":", entry.json() ? "true" : "false", ",\"time\":\"", time,
      "\"}");
}

std::string FailureJson(const End& end) {
  if (!end.failure) return "null";
  return absl::StrCat(
      "{\"code\":", JsonString(ErrorRowOf(end.failure->code).name),
      ",\"message\":", JsonString(end.failure->message), "}");
}

std::string GapJson(const Gap& gap, const std::vector<std::string>& topics,
                    const Epoch& epoch) {
  std::string json = absl::StrCat(
      "{\"requested\":", JsonString(gap.requested),
      ",\"resumed\":", JsonString(Cursor{epoch, gap.resumed}.ToString()),
      ",\"reason\":\"", GapReasonName(gap.reason), "\",\"topics\":[");
  for (size_t i = 0; i < topics.size() && i < kMaxGapTopics; ++i)
    absl::StrAppend(&json, i == 0 ? "" : ",", JsonString(topics[i]));
  return json + "]}";
}

}  // namespace sluice
