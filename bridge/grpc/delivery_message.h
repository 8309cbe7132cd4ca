#pragma once

#include <string>
#include <vector>

#include "bridge/event/entry.h"
#include "bridge/hub/place.h"
#include "sluice/v1/event.pb.h"

namespace sluice {

// What readers are given, as the contract's messages carry it.
//
// Thread safety: functions without state.

// An event: its payload is always text, as SSE carries it. Not for ends.
v1::Delivery ToDelivery(const Entry& event, const Epoch& epoch);

// `topics`: those that lost something; 64 are named at the most.
v1::Gap ToProto(const Gap& gap, const std::vector<std::string>& topics,
                const Epoch& epoch);

v1::Error ToProto(const Failure& failure);

}  // namespace sluice
