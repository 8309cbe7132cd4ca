#include "bridge/config/help_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "bridge/config/options.h"
#include "bridge/config/rule_options.h"

namespace sluice {
namespace {

std::string DefaultOf(const Option& option) {
  std::string value = option.get(Config());
  return value.empty() ? "none" : value;
}

std::string Cell(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"|", "\\|"}});
}

// How it is given: "--loops=N", "--[no]demo".
std::string Usage(const Option& option) {
  if (!option.in_flags) return absl::StrCat(option.name, ", in the file only");
  return option.is_bool ? absl::StrCat("--[no]", option.name)
                        : absl::StrCat("--", option.name, "=", option.value);
}

void AppendRules(std::string& text) {
  text.append(
      "\nA rule in the file's topics has these keys; what it leaves out is the "
      "server's:\n\n");
  for (const RuleOption& option : RuleOptions()) {
    absl::StrAppend(&text, "  ", option.name, ": ",
                    option.is_bool ? option.bounds : option.value, "\n      ",
                    option.sentence, "\n");
    if (!option.is_bool)
      absl::StrAppend(&text, "      Must be ", option.bounds, ".\n");
  }
}

}  // namespace

std::string HelpText() {
  std::string text =
      "sluice-bridge takes events over gRPC and serves them over SSE.\n\n"
      "usage: sluice-bridge [--name=value ...]\n\n";
  for (const Option& option : Options()) {
    absl::StrAppend(&text, "  ", Usage(option), "\n      ", option.sentence,
                    "\n      Default ", DefaultOf(option));
    if (!option.is_bool) absl::StrAppend(&text, "; ", option.bounds);
    text.append(".\n");
  }
  text.append(
      "  --help, --help=markdown\n"
      "      Print this, or the same as Markdown tables, and exit.\n"
      "  --version\n"
      "      Print the version and exit.\n");
  AppendRules(text);
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
  text.append(
      "\nThe keys of a rule in `topics`:\n\n"
      "| key | bounds | what it does |\n|---|---|---|\n");
  for (const RuleOption& option : RuleOptions()) {
    absl::StrAppend(&text, "| `", option.name, "` | ", Cell(option.bounds),
                    " | ", Cell(option.sentence), " |\n");
  }
  return text;
}

}  // namespace sluice
