#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "bridge/config/option.h"
#include "bridge/config/option_table.h"

namespace sluice {

// The one table of settings, in the order in which --help and the README show
// them. Made once, never changed or destroyed. Safe from any thread.
const std::vector<Option>& Options();

// The same functions as of any table.
const Option* FindOption(absl::string_view name);
absl::Status UnknownOption(absl::string_view where, absl::string_view name);

}  // namespace sluice
