#pragma once

#include <string>

#include "absl/status/status.h"
#include "bridge/config/config.h"

namespace sluice {

// Reads the YAML file at `path` over `config`: one mapping, whose keys are the
// names of the options; those of the mappings in `topics` are of RuleOptions().
// InvalidArgument names the file and, of what is in it, the line; `config` may
// then be half set. Blocks on the disk.
absl::Status ReadConfigFile(const std::string& path, Config& config);

}  // namespace sluice
