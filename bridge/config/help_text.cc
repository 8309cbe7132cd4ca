#include "bridge/config/help_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "bridge/config/options.h"

namespace sluice {
namespace {

std::string DefaultOf(const Option& option) {
  std::string value = option.get(Config());
  return value.empty() ? "none" : value;
}

std::string Cell(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"|", "\\|"}});
}

}  // namespace

std::string HelpText() {
  std::string text =
      "sluice-bridge takes events over gRPC and serves them over SSE.\n\n"
      "usage: sluice-bridge [--name=value ...]\n\n";
  for (const Option& option : Options()) {
    const std::string flag =
        option.is_bool ? absl::StrCat("--[no]", option.name)
                       : absl::StrCat("--", option.name, "=", option.value);
    absl::StrAppend(&text, "  ", flag, "\n      ", option.sentence,
                    "\n      Default ", DefaultOf(option));
    if (!option.is_bool) absl::StrAppend(&text, "; ", option.bounds);
    text.append(".\n");
  }
  text.append(
      "  --help, --help=markdown\n"
      "      Print this, or the same as a Markdown table, and exit.\n"
      "  --version\n"
      "      Print the version and exit.\n");
  return text;
}

std::string SettingsTable() {
  std::string text =
      "| setting | default | bounds | what it does |\n|---|---|---|---|\n";
  for (const Option& option : Options()) {
    const std::string value = option.get(Config());
    absl::StrAppend(
        &text, "| `", option.name, "` | ",
        value.empty() ? "none" : absl::StrCat("`", Cell(value), "`"), " | ",
        Cell(option.bounds), " | ", Cell(option.sentence), " |\n");
  }
  return text;
}

}  // namespace sluice
