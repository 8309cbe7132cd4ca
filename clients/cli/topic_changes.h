// `sluice end`, `sluice delete` and `sluice stop`: what can be done to a topic
// from outside of its producer.
#pragma once

#include <string>

#include "absl/types/optional.h"
#include "clients/cli/io.h"
#include "sluice/v1/event.pb.h"

namespace sluice {

// Each blocks until it is done, 10 s at most, and returns the exit code.

// Ends the topic: as failed, if there is an `error`.
int RunEnd(const std::string& topic, const absl::optional<v1::Error>& error,
           const Endpoints& endpoints, const Io& io);

// Deletes the topic and its events.
int RunDelete(const std::string& topic, const Endpoints& endpoints,
              const Io& io);

// Asks those who publish to the topic to stop, and prints how many were asked.
int RunStop(const std::string& topic, const std::string& reason,
            const Endpoints& endpoints, const Io& io);

}  // namespace sluice
