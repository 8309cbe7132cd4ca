#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bridge/config/config.h"

namespace sluice {

// What the program was asked to do. The config is whole under kRun only.
struct ParsedOptions {
  enum class Action { kRun, kHelp, kHelpMarkdown, kVersion };

  Action action = Action::kRun;
  Config config;
};

// Reads the command line, without the program's name, in abseil's syntax
// (--name=value, --name value, --bool, --nobool), and the file that --config
// names. Flags win over the file, a later flag over an earlier one. Help or
// version, where it is met, ends the reading. InvalidArgument has a sentence
// with name, value and bound, and of the file the line. Blocks on that file.
absl::StatusOr<ParsedOptions> ParseOptions(
    const std::vector<std::string>& args);

// With no keys configured everything is open: InvalidArgument for a listener
// that may be reached from outside, unless `insecure` is set.
absl::Status CheckListeners(const Config& config);

}  // namespace sluice
