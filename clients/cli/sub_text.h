// What `sluice sub` asks and says, in words.
#pragma once

#include <string>

#include "clients/cli/sse_parser.h"
#include "clients/cli/sub.h"

namespace sluice {

// The address of the stream, from the bridge's.
std::string EventsUrl(const std::string& bridge, const SubOptions& options);

// An event as one line of JSON, without the line end.
std::string JsonLine(const std::string& topic, const SseEvent& event);

// What a `sluice.gap` says.
std::string GapSentence(const SseEvent& gap);

// Why `bridge` gave an answer that is no event stream: in its own words, if
// they are a bridge's.
std::string RefusalSentence(const std::string& bridge, int status,
                            const std::string& content_type,
                            const std::string& body);

}  // namespace sluice
