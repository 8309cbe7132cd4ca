#include "bridge/config/parse_options.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "bridge/config/config_file.h"
#include "bridge/config/options.h"

namespace sluice {
namespace {

using Action = ParsedOptions::Action;

// One argument taken apart: --name, or --name=value.
struct Flag {
  absl::string_view name;
  absl::optional<absl::string_view> value;
};

struct Setting {
  const Option* option;
  std::string value;
};

struct CommandLine {
  Action action = Action::kRun;
  std::vector<Setting> settings;  // in the order given
};

absl::Status Refuse(absl::string_view flag, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("--", flag, ": ", what));
}

// Nothing if `arg` is not a flag. As in abseil, one dash is as good as two.
absl::optional<Flag> SplitFlag(absl::string_view arg) {
  if (!absl::ConsumePrefix(&arg, "-")) return absl::nullopt;
  absl::ConsumePrefix(&arg, "-");
  if (arg.empty()) return absl::nullopt;
  const size_t equals = arg.find('=');
  if (equals == absl::string_view::npos) return Flag{arg, absl::nullopt};
  return Flag{arg.substr(0, equals), arg.substr(equals + 1)};
}

// What --help or --version asks for, or kRun if `flag` is neither.
absl::StatusOr<Action> ReadAction(const Flag& flag) {
  const bool help = flag.name == "help" || flag.name == "h";
  if (!help && flag.name != "version") return Action::kRun;
  if (!flag.value) return help ? Action::kHelp : Action::kVersion;
  if (help && *flag.value == "markdown") return Action::kHelpMarkdown;
  return Refuse(flag.name,
                help ? "takes no value but markdown" : "takes no value");
}

// The setting that `flag` stands for; `next` is the argument after it, or null,
// and `took_next` says whether it was the value.
absl::StatusOr<Setting> ReadSetting(const Flag& flag, const std::string* next,
                                    bool* took_next) {
  *took_next = false;
  if (const Option* option = FindOption(flag.name); option != nullptr) {
    if (!option->in_flags)
      return Refuse(flag.name, "can only be in the file, see --config");
    if (flag.value) return Setting{option, std::string(*flag.value)};
    if (option->is_bool) return Setting{option, "true"};
    // No value starts so: the next flag, not this one's value.
    if (next == nullptr || absl::StartsWith(*next, "--")) {
      return Refuse(flag.name, absl::StrCat("the value is missing: must be ",
                                            option->bounds));
    }
    *took_next = true;
    return Setting{option, *next};
  }
  absl::string_view positive = flag.name;
  if (absl::ConsumePrefix(&positive, "no")) {
    const Option* option = FindOption(positive);
    if (option != nullptr && option->is_bool) {
      if (flag.value) return Refuse(flag.name, "takes no value");
      return Setting{option, "false"};
    }
  }
  return UnknownOption("--", flag.name);
}

absl::StatusOr<CommandLine> ReadCommandLine(
    const std::vector<std::string>& args) {
  CommandLine line;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "--" && i + 1 == args.size()) break;
    const absl::optional<Flag> flag = SplitFlag(args[i]);
    if (!flag) {
      return absl::InvalidArgumentError(absl::StrCat(
          "unexpected argument: ", absl::Utf8SafeCHexEscape(args[i]),
          " (settings are --name=value, see --help)"));
    }
    const absl::StatusOr<Action> action = ReadAction(*flag);
    if (!action.ok()) return action.status();
    if (*action != Action::kRun) return CommandLine{*action, {}};

    bool took_next = false;
    absl::StatusOr<Setting> setting = ReadSetting(
        *flag, i + 1 < args.size() ? &args[i + 1] : nullptr, &took_next);
    if (!setting.ok()) return setting.status();
    line.settings.push_back(*std::move(setting));
    if (took_next) ++i;
  }
  return line;
}

absl::Status ApplySettings(const std::vector<Setting>& settings,
                           Config& config) {
  for (const Setting& setting : settings) {
    if (absl::Status status =
            SetOption(*setting.option, "--", setting.value, config);
        !status.ok())
      return status;
  }
  return absl::OkStatus();
}

absl::Status CheckListener(absl::string_view name, const HostPort& address) {
  if (address.IsLoopback()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      name, "=", address.ToString(),
      ": must be a loopback address, such as 127.0.0.1 or localhost, since no "
      "keys are configured and whoever reaches it could read and publish; "
      "--insecure allows it"));
}

}  // namespace

absl::StatusOr<ParsedOptions> ParseOptions(
    const std::vector<std::string>& args) {
  const absl::StatusOr<CommandLine> line = ReadCommandLine(args);
  if (!line.ok()) return line.status();
  ParsedOptions parsed;
  parsed.action = line->action;
  if (parsed.action != Action::kRun) return parsed;

  // The flags come first to find the file, and again to win over it.
  absl::Status status = ApplySettings(line->settings, parsed.config);
  if (status.ok() && !parsed.config.config.empty()) {
    status = ReadConfigFile(parsed.config.config, parsed.config);
    if (status.ok()) status = ApplySettings(line->settings, parsed.config);
  }
  if (status.ok()) status = CheckListeners(parsed.config);
  if (!status.ok()) return status;
  return parsed;
}

absl::Status CheckListeners(const Config& config) {
  if (config.insecure) return absl::OkStatus();
  absl::Status status = CheckListener("grpc_listen", config.grpc_listen);
  if (status.ok()) status = CheckListener("http_listen", config.http_listen);
  return status;
}

}  // namespace sluice
