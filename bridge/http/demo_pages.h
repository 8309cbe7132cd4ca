#pragma once

#include <httplib.h>

#include <string>

#include "absl/strings/string_view.h"
#include "bridge/http/exchange.h"

namespace sluice {

// The demo's pages, which travel in the program: `/` is index.html, `/clock` is
// clock.html, `/style.css` is that file. `/demo.json` tells the pages what they
// may do here.

// Whether the demo has something at `/name`.
bool IsDemoPath(absl::string_view name);

// Answers a request for one of them. Its path is one that IsDemoPath knows.
void AnswerDemo(Exchange& exchange, const std::string& no_topic,
                httplib::Response& response);

}  // namespace sluice
