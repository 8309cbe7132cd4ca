#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "bridge/config/config.h"

namespace sluice {

// One setting: a row of a table, from which come the flags, the keys of the
// file, --help and the README's table. Immutable once made.
template <typename Settings>
struct BasicOption {
  absl::string_view name;   // the flag, the file's key and the member
  absl::string_view value;  // stands for the value in --help: "DURATION"
  std::string bounds;       // what it may be: "1s to 1m"
  absl::string_view sentence;
  bool is_bool = false;  // as a flag it needs no value
  bool is_list = false;  // in the file it may be a sequence of values
  // In the file it may be a sequence of rules, which go here; or null.
  std::vector<TopicRule> Settings::*rules = nullptr;
  bool in_file = true;
  bool in_flags = true;

  // Reads `text` into `settings`, or leaves it as it is and says what the value
  // must be (InvalidArgument).
  std::function<absl::Status(absl::string_view text, Settings& settings)> set;
  // The value in the form that `set` reads; empty if there is none.
  std::function<std::string(const Settings& settings)> get;
};

// A setting of the bridge: a row of the table in options.cc.
using Option = BasicOption<Config>;

// Both ends are allowed. `zero`, if given, is what 0 stands for, which is then
// allowed as well.
template <typename T>
struct Bounds {
  T least;
  T most;
  absl::string_view zero = "";
};

// The kinds of options. `name` and `sentence` must live for ever.
Option AddressOption(absl::string_view name, HostPort Config::*member,
                     absl::string_view sentence);
Option BoolOption(absl::string_view name, bool Config::*member,
                  absl::string_view sentence);
Option CountOption(absl::string_view name, int Config::*member,
                   Bounds<int> bounds, absl::string_view sentence);
Option CountOption(absl::string_view name, uint64_t Config::*member,
                   Bounds<uint64_t> bounds, absl::string_view sentence);
// Bytes, plain or with KiB, MiB or GiB.
Option SizeOption(absl::string_view name, uint64_t Config::*member,
                  Bounds<uint64_t> bounds, absl::string_view sentence);
Option DurationOption(absl::string_view name, absl::Duration Config::*member,
                      Bounds<absl::Duration> bounds,
                      absl::string_view sentence);
// A file or folder; it is not looked at. Empty means none.
Option PathOption(absl::string_view name, std::string Config::*member,
                  absl::string_view sentence);
Option EventTypeOption(absl::string_view name, std::string Config::*member,
                       absl::string_view sentence);
// Comma-separated.
Option OriginsOption(absl::string_view name,
                     std::vector<std::string> Config::*member,
                     absl::string_view sentence);
Option LogLevelOption(absl::string_view name, LogLevel Config::*member,
                      absl::string_view sentence);
Option LogFormatOption(absl::string_view name, LogFormat Config::*member,
                       absl::string_view sentence);
// In the file only: a sequence of mappings, whose keys are RuleOptions(). Its
// one text is the empty one, no rules.
Option RulesOption(absl::string_view name,
                   std::vector<TopicRule> Config::*member,
                   absl::string_view sentence);

}  // namespace sluice
