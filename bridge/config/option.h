#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "bridge/config/config.h"

namespace sluice {

// One setting: a row of the table in options.cc, from which come the flags, the
// keys of the file, --help and the README's table. Immutable once made.
struct Option {
  absl::string_view name;   // the flag, the file's key and Config's member
  absl::string_view value;  // stands for the value in --help: "DURATION"
  std::string bounds;       // what it may be: "1s to 1m"
  absl::string_view sentence;
  bool is_bool = false;  // as a flag it needs no value
  bool is_list = false;  // in the file it may be a sequence
  bool in_file = true;

  // Reads `text` into `config`, or leaves it as it is and says what the value
  // must be (InvalidArgument).
  std::function<absl::Status(absl::string_view text, Config& config)> set;
  // The value in the form that `set` reads.
  std::function<std::string(const Config& config)> get;
};

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

}  // namespace sluice
