// Options that several commands have.
//
// Threads: one.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "sluice/v1/event.pb.h"

namespace sluice {

// The positional TOPIC. `topic` must outlive `command`.
CLI::Option* AddTopic(CLI::App& command, std::string& topic);

// --fail and --code.
struct Failure {
  absl::optional<std::string> message;
  std::string code = "UNKNOWN";

  // Of a message that was given; none otherwise.
  absl::optional<v1::Error> error() const;
};

// `meaning` is the help of --fail. `failure` must outlive `command`.
CLI::Option* AddFail(CLI::App& command, const std::string& meaning,
                     Failure& failure);

// Whether `text` is a duration as absl reads them, of `least` or more.
bool IsDuration(const std::string& text, absl::Duration least);

}  // namespace sluice
