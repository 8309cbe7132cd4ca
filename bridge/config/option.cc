#include "bridge/config/option.h"

#include <limits>
#include <utility>

#include "absl/flags/marshalling.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "bridge/config/origin.h"
#include "bridge/event/event_rules.h"

namespace sluice {
namespace {

struct Unit {
  absl::string_view name;
  uint64_t bytes;
};
constexpr Unit kUnits[] = {{"GiB", kGiB}, {"MiB", kMiB}, {"KiB", kKiB}};

template <typename T>
absl::optional<T> ParseFlagValue(absl::string_view text) {
  T value;
  std::string error;
  if (!absl::ParseFlag(text, &value, &error)) return absl::nullopt;
  return value;
}

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

// `kind` and `bounds` make the sentence of a refusal: "must be KIND, BOUNDS".
template <typename T, typename Parse, typename Format>
Option MakeOption(absl::string_view name, T Config::*member,
                  absl::string_view kind, std::string bounds,
                  absl::string_view sentence, Parse parse, Format format) {
  Option option;
  option.name = name;
  option.sentence = sentence;
  option.set = [=](absl::string_view text, Config& config) {
    absl::optional<T> value = parse(text);
    if (!value) {
      return absl::InvalidArgumentError(
          absl::StrCat("must be ", kind, kind.empty() ? "" : ", ", bounds));
    }
    config.*member = *std::move(value);
    return absl::OkStatus();
  };
  option.get = [=](const Config& config) { return format(config.*member); };
  option.bounds = std::move(bounds);
  return option;
}

template <typename T, typename Parse, typename Format>
Option MakeBounded(absl::string_view name, T Config::*member,
                   absl::string_view kind, Bounds<T> bounds,
                   absl::string_view sentence, Parse parse, Format format) {
  std::string words =
      absl::StrCat(format(bounds.least), " to ", format(bounds.most));
  if (!bounds.zero.empty()) absl::StrAppend(&words, ", or 0: ", bounds.zero);
  const auto parse_within = [=](absl::string_view text) {
    absl::optional<T> value = parse(text);
    const bool is_zero = value == T() && !bounds.zero.empty();
    if (value && !is_zero && (*value < bounds.least || *value > bounds.most))
      value.reset();
    return value;
  };
  return MakeOption(name, member, kind, std::move(words), sentence,
                    parse_within, format);
}

template <typename T>
Option MakeCount(absl::string_view name, T Config::*member, Bounds<T> bounds,
                 absl::string_view sentence) {
  Option option = MakeBounded(name, member, "a whole number", bounds, sentence,
                              ParseFlagValue<T>,
                              [](T value) { return absl::StrCat(value); });
  option.value = "N";
  return option;
}

}  // namespace

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
  Option option = MakeOption(name, member, "", "true or false", sentence,
                             ParseFlagValue<bool>, absl::UnparseFlag<bool>);
  option.is_bool = true;
  return option;
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
  Option option =
      MakeBounded(name, member, "bytes, plain or with KiB, MiB or GiB", bounds,
                  sentence, ParseSize, FormatSize);
  option.value = "SIZE";
  return option;
}

Option DurationOption(absl::string_view name, absl::Duration Config::*member,
                      Bounds<absl::Duration> bounds,
                      absl::string_view sentence) {
  Option option = MakeBounded(
      name, member, "a duration such as 1500ms, 15s or 1h", bounds, sentence,
      ParseFlagValue<absl::Duration>, absl::FormatDuration);
  option.value = "DURATION";
  return option;
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

}  // namespace sluice
