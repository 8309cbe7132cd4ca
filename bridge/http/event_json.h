#pragma once

#include <string>

#include "bridge/event/entry.h"

namespace sluice {

// An event as JSON carries it everywhere: {"topic","id","cursor","type","data",
// "json","time"}, `data` being the text that SSE would carry, `id` what a
// stream of the topic alone would, `time` RFC 3339. Not for ends.
std::string EventJson(const Entry& entry, const Epoch& epoch);

}  // namespace sluice
