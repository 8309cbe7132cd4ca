#pragma once

#include <httplib.h>

#include "bridge/http/exchange.h"

namespace sluice {

// The HTTP side's one handler: finds what a request is for, and answers it.
// What the answers are is in README.md.
void HandleRequest(Exchange& exchange, const httplib::Request& request,
                   httplib::Response& response);

}  // namespace sluice
