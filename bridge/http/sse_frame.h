#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "bridge/event/entry.h"
#include "bridge/hub/place.h"

namespace sluice {

// The bytes of server-sent events (WHATWG HTML 9.2.6): pure
// functions from what is told to what goes out. Fields stand in the order id,
// event, retry, data; lines end in LF; an event ends in one empty line.
//
// `id` arguments are checked by whoever made them: no line breaks, no U+0000.

// One event. `data` may have any line breaks; each line of it is a `data:`
// line.
std::string EventFrame(absl::string_view id, absl::string_view type,
                       uint32_t retry_ms, absl::string_view data);

// All of it but the id, which `to` ends in.
void AppendFields(absl::string_view type, uint32_t retry_ms,
                  absl::string_view data, std::string& to);

// The id that an event has on a stream of its topic alone: its own, or else
// the cursor.
std::string EntryId(const Entry& entry, const Epoch& epoch);

void AppendIdLine(const Entry& entry, const Epoch& epoch, std::string& to);
void AppendIdLine(Offset offset, const Epoch& epoch, std::string& to);

// An entry's event, with that id. Not for ends.
std::string EntryFrame(const Entry& entry, const Epoch& epoch);

// The end of a topic on a stream of that topic alone: `[DONE]`, and before it,
// if the topic failed, an event of type `error_event`, so that no cut leaves a
// reader at the end without the error.
std::string EndFrame(const Entry& end, const Epoch& epoch,
                     absl::string_view error_event);

// The end of one topic on a stream of several; `at` is the place that the event
// gives its reader.
std::string EndedFrame(const Entry& end, Offset at, const Epoch& epoch);

// The end of a stream of several, once all of them have ended.
std::string DoneFrame(Offset at, const Epoch& epoch);

// Names 64 of `topics` at the most.
std::string GapFrame(const Gap& gap, const std::vector<std::string>& topics,
                     const Epoch& epoch);

// Where a stream that begins at the latest stands.
std::string PositionFrame(Offset at, const Epoch& epoch);

// The first bytes of a stream: two lines, with no empty line behind them, which
// would fire an empty message in some clients.
std::string Opening(absl::Duration retry);

// What goes out in silence.
inline constexpr absl::string_view kHeartbeat = ": heartbeat\n";

// `payload` as one chunk (RFC 9112 7.1).
std::string Chunk(absl::string_view payload);
// What `to` has from `begin` on becomes one.
void MakeChunk(size_t begin, std::string& to);
inline constexpr absl::string_view kLastChunk = "0\r\n\r\n";

}  // namespace sluice
