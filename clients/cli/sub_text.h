// What `sluice sub` asks and says, in words.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "clients/cli/sse_parser.h"
#include "clients/cli/sub.h"

namespace sluice {

// The address of the stream, from the bridge's.
std::string EventsUrl(const std::string& bridge, const SubOptions& options);

// Whether the stream is one of several topics, whose events say which one they
// are of.
bool IsOfSeveral(const SubOptions& options);

// What is printed of an event: whole lines.
std::string EventLines(const SubOptions& options, const SseEvent& event);

// What a `sluice.ended` says; none if `event` is something else.
struct EndedTopic {
  std::string sentence;
  bool failed;
};
absl::optional<EndedTopic> ParseEnded(const SseEvent& event);

// What a `sluice.gap` says.
std::string GapSentence(const SseEvent& gap);

// That `bridge` could not be asked.
std::string UnreachableSentence(const std::string& bridge,
                                absl::string_view reason);

// Why `bridge` gave an answer that is no event stream: in its own words, if
// they are a bridge's.
std::string RefusalSentence(const std::string& bridge, int status,
                            const std::string& content_type,
                            const std::string& body);

}  // namespace sluice
