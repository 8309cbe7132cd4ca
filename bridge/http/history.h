#pragma once

#include <httplib.h>

#include <string>

#include "absl/status/statusor.h"
#include "bridge/http/exchange.h"
#include "bridge/hub/history.h"

namespace sluice {

inline constexpr uint64_t kMaxPageEvents = 1000;

// `after` (a cursor or an event's id; what cannot be understood becomes a gap),
// `limit` and `last`, both clamped to 1-kMaxPageEvents; with `after`, `last`
// does not count. InvalidArgument: a number is none, a parameter is repeated.
absl::StatusOr<HistoryRequest> ParseHistoryRequest(const Target& target);

// {"topic","events","cursor","ended","error","gap"}; `page` must be there.
std::string HistoryJson(const std::string& topic, const HistoryPage& page,
                        const Epoch& epoch);

// GET /v1/topics/{topic}/history: a page of what the topic keeps, so that a web
// page can draw first and follow from `cursor`. 404 if it is not there.
void AnswerHistory(Exchange& exchange, const std::string& topic,
                   httplib::Response& response);

}  // namespace sluice
