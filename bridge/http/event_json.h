#pragma once

#include <string>
#include <vector>

#include "bridge/event/entry.h"
#include "bridge/hub/place.h"

namespace sluice {

// An event as JSON carries it everywhere: {"topic","id","cursor","type","data",
// "json","time"}, `data` being the text that SSE would carry, `id` what a
// stream of the topic alone would, `time` RFC 3339. Not for ends.
std::string EventJson(const Entry& entry, const Epoch& epoch);

// {"code":NAME,"message":...}, or null for a completed end.
std::string FailureJson(const End& end);

// {"requested","resumed","reason","topics"}; names 64 of `topics` at the most.
std::string GapJson(const Gap& gap, const std::vector<std::string>& topics,
                    const Epoch& epoch);

}  // namespace sluice
