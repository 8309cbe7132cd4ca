// Topics and their events as `sluice topics` and `sluice history` print them.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "sluice/v1/topic_service.pb.h"

namespace sluice {

// A topic as one line of JSON, without the line end: name, state (`open`,
// `completed` or `failed`), error, events, bytes, subscribers, producers,
// first_cursor, last_cursor, create_time, end_time. What is not there is null.
std::string TopicJson(const v1::Topic& topic);

// A table with a line for each, headed by the columns' names. Ages are as of
// `now`.
std::string TopicTable(const std::vector<v1::Topic>& topics, absl::Time now);

// An event as one line of JSON, without the line end: topic, id, cursor, type,
// data, json, time.
std::string DeliveryJson(const v1::Delivery& delivery);

// What a page says is missing, in the words of `sluice sub`.
std::string GapSentence(const v1::Gap& gap);

}  // namespace sluice
