#include "bridge/config/option.h"

#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "bridge/config/option_maker.h"
#include "bridge/config/origin.h"
#include "bridge/event/event_rules.h"

namespace sluice {
namespace {

struct Unit {
  absl::string_view name;
  uint64_t bytes;
};
constexpr Unit kUnits[] = {{"GiB", kGiB}, {"MiB", kMiB}, {"KiB", kKiB}};

absl::optional<std::string> ParsePath(absl::string_view text) {
  if (text.find('\0') != absl::string_view::npos) return absl::nullopt;
  return std::string(text);
}

absl::optional<std::string> ParseEventType(absl::string_view text) {
  if (text.empty() || !CheckEventType(text).ok()) return absl::nullopt;
  return std::string(text);
}

absl::optional<std::vector<std::string>> ParseOrigins(absl::string_view text) {
  auto origins = ParseFlagValue<std::vector<std::string>>(text);
  if (!origins) return absl::nullopt;
  for (std::string& origin : *origins) {
    absl::StripAsciiWhitespace(&origin);
    if (!IsOrigin(origin)) return absl::nullopt;
  }
  return origins;
}

}  // namespace

absl::optional<uint64_t> ParseSize(absl::string_view text) {
  uint64_t scale = 1;
  for (const Unit& unit : kUnits) {
    if (absl::ConsumeSuffix(&text, unit.name)) {
      scale = unit.bytes;
      break;
    }
  }
  const absl::optional<uint64_t> number = ParseFlagValue<uint64_t>(text);
  if (!number || *number > std::numeric_limits<uint64_t>::max() / scale)
    return absl::nullopt;
  return *number * scale;
}

std::string FormatSize(uint64_t size) {
  for (const Unit& unit : kUnits) {
    if (size != 0 && size % unit.bytes == 0)
      return absl::StrCat(size / unit.bytes, unit.name);
  }
  return absl::StrCat(size);
}

Option AddressOption(absl::string_view name, HostPort Config::*member,
                     absl::string_view sentence) {
  Option option = MakeOption(
      name, member, "", "HOST:PORT, an IPv6 host in brackets, port 0 to 65535",
      sentence,
      [](absl::string_view text) -> absl::optional<HostPort> {
        const absl::StatusOr<HostPort> parsed = ParseHostPort(text);
        if (!parsed.ok()) return absl::nullopt;
        return *parsed;
      },
      [](const HostPort& address) { return address.ToString(); });
  option.value = "HOST:PORT";
  return option;
}

Option BoolOption(absl::string_view name, bool Config::*member,
                  absl::string_view sentence) {
  return MakeBool(name, member, sentence);
}

Option CountOption(absl::string_view name, int Config::*member,
                   Bounds<int> bounds, absl::string_view sentence) {
  return MakeCount(name, member, bounds, sentence);
}

Option CountOption(absl::string_view name, uint64_t Config::*member,
                   Bounds<uint64_t> bounds, absl::string_view sentence) {
  return MakeCount(name, member, bounds, sentence);
}

Option SizeOption(absl::string_view name, uint64_t Config::*member,
                  Bounds<uint64_t> bounds, absl::string_view sentence) {
  return MakeSize(name, member, bounds, sentence);
}

Option DurationOption(absl::string_view name, absl::Duration Config::*member,
                      Bounds<absl::Duration> bounds,
                      absl::string_view sentence) {
  return MakeDuration(name, member, bounds, sentence);
}

Option PathOption(absl::string_view name, std::string Config::*member,
                  absl::string_view sentence) {
  Option option = MakeOption(name, member, "", "a path", sentence, ParsePath,
                             [](const std::string& path) { return path; });
  option.value = "PATH";
  return option;
}

Option EventTypeOption(absl::string_view name, std::string Config::*member,
                       absl::string_view sentence) {
  Option option = MakeOption(
      name, member, "",
      "1 to 128 bytes of UTF-8 without controls, not open, not sluice.*",
      sentence, ParseEventType, [](const std::string& type) { return type; });
  option.value = "NAME";
  return option;
}

Option OriginsOption(absl::string_view name,
                     std::vector<std::string> Config::*member,
                     absl::string_view sentence) {
  Option option = MakeOption(
      name, member, "a comma-separated list",
      "each scheme://host[:port] in lower case, without a default port",
      sentence, ParseOrigins, [](const std::vector<std::string>& origins) {
        return absl::StrJoin(origins, ",");
      });
  option.value = "LIST";
  option.is_list = true;
  return option;
}

Option LogLevelOption(absl::string_view name, LogLevel Config::*member,
                      absl::string_view sentence) {
  Option option = MakeOption(name, member, "", "debug, info, warning or error",
                             sentence, ParseLogLevel, [](LogLevel level) {
                               return std::string(LogLevelName(level));
                             });
  option.value = "LEVEL";
  return option;
}

Option LogFormatOption(absl::string_view name, LogFormat Config::*member,
                       absl::string_view sentence) {
  Option option = MakeOption(
      name, member, "", "text or json", sentence, ParseLogFormat,
      [](LogFormat format) { return std::string(LogFormatName(format)); });
  option.value = "FORMAT";
  return option;
}

Option RulesOption(absl::string_view name,
                   std::vector<TopicRule> Config::*member,
                   absl::string_view sentence) {
  Option option = MakeOption(
      name, member, "", "a list of rules, each a mapping of its keys", sentence,
      [](absl::string_view text) -> absl::optional<std::vector<TopicRule>> {
        if (!text.empty()) return absl::nullopt;
        return std::vector<TopicRule>();
      },
      [](const std::vector<TopicRule>&) { return std::string(); });
  option.value = "LIST";
  option.rules = member;
  option.in_flags = false;
  return option;
}

}  // namespace sluice
