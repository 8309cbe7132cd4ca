#pragma once

#include <httplib.h>

#include <string>

#include "bridge/http/exchange.h"

namespace sluice {

// GET /v1/topics/{topic}/events: the event stream of one topic. It has passed
// CheckTopic.
void StreamTopic(Exchange& exchange, const std::string& topic,
                 httplib::Response& response);

// GET /v1/events?topic=a&topic=b.*: that of a selector, in the log's order.
void StreamSelector(Exchange& exchange, httplib::Response& response);

}  // namespace sluice
