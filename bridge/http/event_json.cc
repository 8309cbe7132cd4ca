#include "bridge/http/event_json.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
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

}  // namespace sluice
