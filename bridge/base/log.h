#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

// The process's log: one line a record on standard error, as text
//   2026-01-02T03:04:05.678Z INFO listening address=127.0.0.1:8080 loops=2
// or as JSON. Any part of the bridge writes to it; nothing reads it back.
// Its level and format are the one setting that the whole process shares.
// Thread-safe; a record is one write(2), so that records do not mix.
namespace sluice {

enum class LogLevel : int { kDebug, kInfo, kWarning, kError };
enum class LogFormat : int { kText, kJson };

// One key=value of a record. Borrows its text: for use in a call of Log only.
// In JSON, integers are numbers and bools are true or false.
class LogField {
 public:
  LogField(absl::string_view key, absl::string_view text)
      : key_(key), kind_(Kind::kText), text_(text) {}
  template <typename T, std::enable_if_t<std::is_integral<T>::value, int> = 0>
  LogField(absl::string_view key, T value)
      : key_(key),
        kind_(std::is_same<T, bool>::value ? Kind::kBool
              : std::is_signed<T>::value   ? Kind::kSigned
                                           : Kind::kUnsigned),
        bits_(static_cast<uint64_t>(value)) {}

  absl::string_view key() const { return key_; }
  bool is_text() const { return kind_ == Kind::kText; }
  // The value as text, before any escaping.
  std::string ValueText() const;

 private:
  enum class Kind { kText, kBool, kSigned, kUnsigned };

  absl::string_view key_;
  Kind kind_;
  absl::string_view text_;
  uint64_t bits_ = 0;
};

// Sets what is written and how, from then on. Info and text until it is called;
// meant to be called once, before threads start.
void ConfigureLog(LogLevel level, LogFormat format);

// False if a record of `level` would be dropped. One relaxed atomic load.
bool LogEnabled(LogLevel level);

// Writes one record, or drops it: if its level is off, or if it cannot be
// written. May block for as long as standard error does. Leaves errno alone.
void Log(LogLevel level, absl::string_view message,
         std::initializer_list<LogField> fields = {}) noexcept;

// The line that Log writes, with its LF. Control characters are escaped and bad
// UTF-8 is replaced, so a value can neither start a record nor steer a
// terminal.
std::string FormatLogRecord(LogFormat format, LogLevel level, absl::Time time,
                            absl::string_view message,
                            std::initializer_list<LogField> fields);

// "debug", "info", "warning", "error"; "text", "json".
absl::string_view LogLevelName(LogLevel level);
absl::string_view LogFormatName(LogFormat format);
absl::optional<LogLevel> ParseLogLevel(absl::string_view name);
absl::optional<LogFormat> ParseLogFormat(absl::string_view name);

}  // namespace sluice
