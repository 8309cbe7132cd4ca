#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "bridge/config/config.h"
#include "bridge/config/option.h"

namespace sluice {

// The one table of settings, in the order in which --help and the README show
// them. Made once, never changed or destroyed. Safe from any thread.
const std::vector<Option>& Options();

// The option of that exact name, or null.
const Option* FindOption(absl::string_view name);

// Sets one option, or InvalidArgument: WHERE, name=value, what it must be.
// `where` begins the sentence: "--", or "bridge.yaml:3: ".
absl::Status SetOption(const Option& option, absl::string_view where,
                       absl::string_view text, Config& config);

// InvalidArgument for a name that is not in the table, with the name that is
// nearest to it, if one is near enough to be what was meant.
absl::Status UnknownOption(absl::string_view where, absl::string_view name);

}  // namespace sluice
