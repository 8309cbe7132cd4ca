#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bridge/event/entry.h"
#include "sluice/v1/event.pb.h"

namespace sluice {

// From the contract's messages to what the store keeps, every rule checked. The
// place where a payload becomes text.
//
// An error is InvalidArgument and knows its field (FieldOf): `id`, `retry`.
//
// Thread safety: functions without state.

// Takes its strings out of `event`.
absl::StatusOr<EventDraft> ToDraft(v1::Event& event);

absl::StatusOr<End> ToEnd(const v1::End& end);

}  // namespace sluice
