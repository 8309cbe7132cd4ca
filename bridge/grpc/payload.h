#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bridge/event/entry.h"
#include "bridge/grpc/message_types.h"
#include "sluice/v1/event.pb.h"

namespace sluice {

// From the contract's messages to what the store keeps, every rule checked. The
// place where a payload becomes text.
//
// An error is InvalidArgument and knows its field (FieldOf): `id`, `retry`.
//
// Thread safety: functions without state.

// Takes its strings out of `event`. `message_types` are those of `message`;
// null: none is known.
absl::StatusOr<EventDraft> ToDraft(v1::Event& event,
                                   const MessageTypes* message_types);

absl::StatusOr<End> ToEnd(const v1::End& end);

}  // namespace sluice
