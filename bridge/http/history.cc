#include "bridge/http/history.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bridge/base/json.h"
#include "bridge/http/event_json.h"
#include "bridge/http/http_loop.h"
#include "bridge/http/query.h"
#include "bridge/http/responses.h"

namespace sluice {

absl::StatusOr<HistoryRequest> ParseHistoryRequest(const Target& target) {
  absl::Status status = CheckOnce(target, {"after", "last", "limit"});
  if (!status.ok()) return status;
  absl::optional<uint64_t> last, limit;
  status = TakeNumber(target, "last", last);
  if (status.ok()) status = TakeNumber(target, "limit", limit);
  if (!status.ok()) return status;
  HistoryRequest request;
  request.after = IdParam(target, "after");
  if (limit) request.limit = std::clamp<uint64_t>(*limit, 1, kMaxPageEvents);
  if (last && request.after.empty()) {
    request.last = std::clamp<uint64_t>(*last, 1, kMaxPageEvents);
  }
  return request;
}

std::string HistoryJson(const std::string& topic, const HistoryPage& page,
                        const Epoch& epoch) {
  std::string json =
      absl::StrCat("{\"topic\":", JsonString(topic), ",\"events\":[");
  for (size_t i = 0; i < page.events.size(); ++i) {
    absl::StrAppend(&json, i == 0 ? "" : ",",
                    EventJson(*page.events[i], epoch));
  }
  const bool ended = page.end != nullptr;
  absl::StrAppend(
      &json, "],\"cursor\":", JsonString(Cursor{epoch, page.cursor}.ToString()),
      ",\"ended\":", ended ? "true" : "false",
      ",\"error\":", ended ? FailureJson(page.end->end()) : "null",
      ",\"gap\":", page.gap ? GapJson(*page.gap, {topic}, epoch) : "null",
      "}\n");
  return json;
}

void AnswerHistory(Exchange& exchange, const std::string& topic,
                   httplib::Response& response) {
  HttpLoop& loop = exchange.loop();
  const absl::StatusOr<HistoryRequest> request =
      ParseHistoryRequest(exchange.request.target);
  if (!request.ok()) return SetError(response, request.status());

  const HistoryPage* page =
      exchange.Ask<HistoryPage>([&](std::function<void(HistoryPage)> done) {
        ReadHistory(loop.hub(), topic, *request, std::move(done));
      });
  if (page == nullptr) return;
  if (!page->there) return SetError(response, NotThere(topic));
  response.set_header("Cache-Control", "no-cache");
  response.set_content(HistoryJson(topic, *page, loop.epoch()), kJsonType);
}

}  // namespace sluice
