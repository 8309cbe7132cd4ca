#pragma once

#include <httplib.h>

#include <string>

#include "bridge/http/exchange.h"

namespace sluice {

// POST /v1/topics/{topic}/events: publishes one event. The body is its text, or
// under a Content-Type of JSON (`application/json`, `.../...+json`) its JSON,
// made compact; Sluice-Event-Type and Sluice-Event-Id are its type and id,
// under the rules of event.proto. 200 {"cursor","duplicate"} once the store has
// it.
void PublishEvent(Exchange& exchange, const std::string& topic,
                  httplib::Response& response);

}  // namespace sluice
