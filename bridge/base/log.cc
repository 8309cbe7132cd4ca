#include "bridge/base/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "bridge/base/utf8.h"

namespace sluice {
namespace {

constexpr absl::string_view kLevelNames[] = {"debug", "info", "warning",
                                             "error"};
constexpr absl::string_view kFormatNames[] = {"text", "json"};

std::atomic<LogLevel> g_level{LogLevel::kInfo};
std::atomic<LogFormat> g_format{LogFormat::kText};

// Escapes as RFC 8259 section 7 does, and beyond it DEL and C1, which a
// terminal obeys as well. A byte that is not UTF-8 becomes U+FFFD.
void AppendEscaped(absl::string_view text, std::string* out) {
  const bool utf8 = IsValidUtf8(text);
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      absl::StrAppend(out, "\\", text.substr(i, 1));
    } else if (c == '\n') {
      out->append("\\n");
    } else if (c == '\r') {
      out->append("\\r");
    } else if (c == '\t') {
      out->append("\\t");
    } else if (c < 0x20 || c == 0x7F) {
      absl::StrAppendFormat(out, "\\u%04x", c);
    } else if (c >= 0x80 && !utf8) {
      out->append("\\ufffd");
    } else if (c == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      absl::StrAppendFormat(out, "\\u%04x",
                            static_cast<unsigned char>(text[++i]));
    } else {
      out->push_back(text[i]);
    }
  }
}

void AppendQuoted(absl::string_view text, std::string* out) {
  out->push_back('"');
  AppendEscaped(text, out);
  out->push_back('"');
}

// Whether a text value needs no quotes: one word that cannot be taken for more.
bool IsPlain(absl::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c)) || c == '"' ||
        c == '=' || c == '\\')
      return false;
  }
  return true;
}

std::string FormatText(LogLevel level, absl::string_view time,
                       absl::string_view message,
                       std::initializer_list<LogField> fields) {
  std::string line =
      absl::StrCat(time, " ", absl::AsciiStrToUpper(LogLevelName(level)), " ");
  AppendEscaped(message, &line);
  for (const LogField& field : fields) {
    line.push_back(' ');
    AppendEscaped(field.key(), &line);
    line.push_back('=');
    const std::string value = field.ValueText();
    if (IsPlain(value)) {
      line.append(value);
    } else {
      AppendQuoted(value, &line);
    }
  }
  line.push_back('\n');
  return line;
}

std::string FormatJson(LogLevel level, absl::string_view time,
                       absl::string_view message,
                       std::initializer_list<LogField> fields) {
  std::string line = absl::StrCat("{\"time\":\"", time, "\",\"level\":\"",
                                  LogLevelName(level), "\",\"message\":");
  AppendQuoted(message, &line);
  for (const LogField& field : fields) {
    line.push_back(',');
    AppendQuoted(field.key(), &line);
    line.push_back(':');
    if (field.is_text()) {
      AppendQuoted(field.ValueText(), &line);
    } else {
      line.append(field.ValueText());
    }
  }
  line.append("}\n");
  return line;
}

// A write that stops half-way is carried on, so that the line still ends.
void WriteLine(absl::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    line.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

std::string LogField::ValueText() const {
  switch (kind_) {
    case Kind::kText:
      return std::string(text_);
    case Kind::kBool:
      return bits_ != 0 ? "true" : "false";
    case Kind::kSigned:
      return absl::StrCat(static_cast<int64_t>(bits_));
    case Kind::kUnsigned:
      return absl::StrCat(bits_);
  }
  return "";
}

void ConfigureLog(LogLevel level, LogFormat format) {
  g_level.store(level, std::memory_order_relaxed);
  g_format.store(format, std::memory_order_relaxed);
}

bool LogEnabled(LogLevel level) {
  return level >= g_level.load(std::memory_order_relaxed);
}

void Log(LogLevel level, absl::string_view message,
         std::initializer_list<LogField> fields) noexcept {
  if (!LogEnabled(level)) return;
  const int saved_errno = errno;
  try {
    WriteLine(FormatLogRecord(g_format.load(std::memory_order_relaxed), level,
                              absl::Now(), message, fields));
  } catch (...) {
    // Out of memory: a lost record is better than a lost bridge.
  }
  errno = saved_errno;
}

std::string FormatLogRecord(LogFormat format, LogLevel level, absl::Time time,
                            absl::string_view message,
                            std::initializer_list<LogField> fields) {
  const std::string stamp =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
  return format == LogFormat::kJson ? FormatJson(level, stamp, message, fields)
                                    : FormatText(level, stamp, message, fields);
}

absl::string_view LogLevelName(LogLevel level) {
  return kLevelNames[static_cast<int>(level)];
}

absl::string_view LogFormatName(LogFormat format) {
  return kFormatNames[static_cast<int>(format)];
}

absl::optional<LogLevel> ParseLogLevel(absl::string_view name) {
  for (int i = 0; i < 4; ++i) {
    if (name == kLevelNames[i]) return static_cast<LogLevel>(i);
  }
  return absl::nullopt;
}

absl::optional<LogFormat> ParseLogFormat(absl::string_view name) {
  for (int i = 0; i < 2; ++i) {
    if (name == kFormatNames[i]) return static_cast<LogFormat>(i);
  }
  return absl::nullopt;
}

}  // namespace sluice
