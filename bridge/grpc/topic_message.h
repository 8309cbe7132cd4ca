#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "bridge/store/store.h"
#include "sluice/v1/topic_service.pb.h"

namespace sluice {

// Between the store's topics and the contract's.
//
// Thread safety: functions without state.

// `defaults` with what `proto` sets. InvalidArgument knows its field (FieldOf).
absl::StatusOr<TopicSettings> ToSettings(const v1::TopicSettings& proto,
                                         const TopicSettings& defaults);

v1::TopicSettings ToProto(const TopicSettings& settings);

// `topic` as the store tells it; who reads and who publishes is left to the
// caller.
v1::Topic ToProto(const std::string& topic, const TopicInfo& info,
                  const Epoch& epoch);

}  // namespace sluice
