#pragma once

#include "absl/strings/string_view.h"

namespace sluice {

// True if `text` is an origin in the very form in which browsers send it (RFC
// 6454 6.2): scheme://host[:port] in lower case, no path, no default port. Any
// other form would never match, and neither `*` nor `null` names a site.
bool IsOrigin(absl::string_view text);

}  // namespace sluice
