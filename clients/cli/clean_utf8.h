// Makes any bytes valid UTF-8: protobuf refuses a `string` that is not, and log
// output often is not.
#pragma once

#include <string>

namespace sluice {

// Replaces each invalid sequence in `text` with U+FFFD, as browsers do (Unicode
// 15, 3.9, "maximal subparts"). Returns whether there was one.
bool CleanUtf8(std::string& text);

}  // namespace sluice
