// What is published: events, and what hands them out one after the other.
#pragma once

#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "google/protobuf/struct.pb.h"
#include "sluice/v1/event.pb.h"

namespace sluice {

// What readers get: a payload, and a type, an id and a retry if it has them.
using Event = v1::Event;

// An event that readers get as it is, and one that they get as JSON. Numbers of
// JSON are doubles, as in JavaScript: an integer beyond 2^53 loses digits, so
// make it a string. InvalidArgument if `json` is not JSON.
Event Text(std::string text);
Event Json(google::protobuf::Value value);
absl::StatusOr<Event> Json(const std::string& json);

// Returns the next event; nullopt after the last one; an error if there should
// have been one. May block. Called by one thread, and not again after nullopt
// or an error.
using Source = std::function<absl::StatusOr<std::optional<Event>>()>;

// Hands out the items of a container, events or strings, which it keeps.
template <typename Range>
Source Items(Range range) {
  using Item = std::decay_t<decltype(*std::begin(range))>;
  const auto kept = std::make_shared<Range>(std::move(range));
  return [kept, next = std::begin(
                    *kept)]() mutable -> absl::StatusOr<std::optional<Event>> {
    if (next == std::end(*kept)) return std::nullopt;
    if constexpr (std::is_same_v<Item, Event>) {
      return *next++;
    } else {
      return Text(std::string(*next++));
    }
  };
}

}  // namespace sluice
