#include "clients/cli/line_splitter.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sluice {

absl::Status LineSplitter::Feed(absl::string_view bytes,
                                std::vector<std::string>& lines) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    absl::StrAppend(&rest_, bytes.substr(0, end));
    if (rest_.size() > max_line_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("a line is longer than ", max_line_, " bytes"));
    }
    if (end == absl::string_view::npos) break;
    if (!rest_.empty() && rest_.back() == '\r') rest_.pop_back();
    lines.push_back(std::exchange(rest_, {}));
    bytes.remove_prefix(end + 1);
  }
  return absl::OkStatus();
}

absl::optional<std::string> LineSplitter::Finish() {
  if (rest_.empty()) return absl::nullopt;
  return std::exchange(rest_, {});
}

}  // namespace sluice
