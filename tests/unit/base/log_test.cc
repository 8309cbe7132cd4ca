#include "bridge/base/log.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

const absl::Time kTime =
    absl::FromUnixMillis(1767323045678);  // 2026-01-02T03:04:05.678Z

std::string Text(absl::string_view message,
                 std::initializer_list<LogField> fields = {}) {
  return FormatLogRecord(LogFormat::kText, LogLevel::kInfo, kTime, message,
                         fields);
}

std::string Json(absl::string_view message,
                 std::initializer_list<LogField> fields = {}) {
  return FormatLogRecord(LogFormat::kJson, LogLevel::kWarning, kTime, message,
                         fields);
}

// Standard error as a datagram socket, so that each write(2) is one datagram.
class CapturedStderr {
 public:
  CapturedStderr() : saved_(dup(STDERR_FILENO)) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends_), 0);
    EXPECT_EQ(dup2(ends_[1], STDERR_FILENO), STDERR_FILENO);
  }
  ~CapturedStderr() {
    dup2(saved_, STDERR_FILENO);
    for (const int fd : {saved_, ends_[0], ends_[1]}) close(fd);
    ConfigureLog(LogLevel::kInfo, LogFormat::kText);
  }

  // What the next write held; empty if there was none.
  std::string NextWrite() {
    char buffer[4096];
    const ssize_t size = recv(ends_[0], buffer, sizeof buffer, MSG_DONTWAIT);
    return size < 0 ? "" : std::string(buffer, static_cast<size_t>(size));
  }

 private:
  int saved_;
  int ends_[2];
};

TEST(Log, ATextRecordIsTimeLevelMessageAndFields) {
  EXPECT_EQ(Text("listening", {{"address", "127.0.0.1:8080"}, {"loops", 2}}),
            "2026-01-02T03:04:05.678Z INFO listening address=127.0.0.1:8080 "
            "loops=2\n");
}

TEST(Log, AJsonRecordIsOneObjectALine) {
  EXPECT_EQ(Json("slow", {{"topic", "a b"}, {"bytes", 7}, {"ended", true}}),
            "{\"time\":\"2026-01-02T03:04:05.678Z\",\"level\":\"warning\","
            "\"message\":\"slow\",\"topic\":\"a b\",\"bytes\":7,"
            "\"ended\":true}\n");
}

TEST(Log, IntegersKeepTheirSignAndRange) {
  EXPECT_THAT(Text("m", {{"least", std::numeric_limits<int64_t>::min()},
                         {"most", std::numeric_limits<uint64_t>::max()},
                         {"small", int8_t{-1}}}),
              EndsWith("least=-9223372036854775808 "
                       "most=18446744073709551615 small=-1\n"));
}

TEST(Log, ATextValueThatIsNotOneWordIsQuoted) {
  EXPECT_THAT(Text("m", {{"a", ""}, {"b", "x y"}, {"c", "k=v"}, {"d", "\""}}),
              EndsWith(" a=\"\" b=\"x y\" c=\"k=v\" d=\"\\\"\"\n"));
}

TEST(Log, ControlCharactersCannotStartARecordOrSteerATerminal) {
  const std::string evil = "x\r\n2026 ERROR fake\t\x1b[31m\x7f\xc2\x9b";
  const std::string escaped =
      "x\\r\\n2026 ERROR fake\\t\\u001b[31m\\u007f\\u009b";
  EXPECT_THAT(Text(evil), EndsWith(" INFO " + escaped + "\n"));
  EXPECT_THAT(Text("m", {{"k", evil}}), EndsWith("k=\"" + escaped + "\"\n"));
  EXPECT_THAT(Json("m", {{evil, evil}}),
              HasSubstr("\"" + escaped + "\":\"" + escaped + "\""));
}

TEST(Log, ANulIsEscapedAndDoesNotCutTheRecord) {
  EXPECT_THAT(Json("m", {{"k", absl::string_view("a\0b", 3)}}),
              HasSubstr("\"k\":\"a\\u0000b\""));
}

TEST(Log, Utf8IsKeptAndBadUtf8IsReplaced) {
  EXPECT_THAT(Json("m", {{"k", "Grüße"}}), HasSubstr("\"k\":\"Grüße\""));
  EXPECT_THAT(Json("m", {{"k", "a\xff\xc2"}}),
              HasSubstr("\"k\":\"a\\ufffd\\ufffd\""));
  EXPECT_THAT(Text("m", {{"k", "\xc2"}}), EndsWith("k=\"\\ufffd\"\n"));
}

TEST(Log, ARecordIsOneWrite) {
  CapturedStderr stderr_writes;
  Log(LogLevel::kInfo, "first", {{"key", std::string("value")}});
  Log(LogLevel::kError, "second");
  EXPECT_THAT(stderr_writes.NextWrite(), EndsWith("Z INFO first key=value\n"));
  EXPECT_THAT(stderr_writes.NextWrite(), EndsWith("Z ERROR second\n"));
  EXPECT_EQ(stderr_writes.NextWrite(), "");
}

TEST(Log, ALevelThatIsOffWritesNothing) {
  CapturedStderr stderr_writes;
  ConfigureLog(LogLevel::kWarning, LogFormat::kJson);
  EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
  EXPECT_TRUE(LogEnabled(LogLevel::kWarning));
  Log(LogLevel::kInfo, "dropped");
  Log(LogLevel::kWarning, "kept");
  EXPECT_THAT(stderr_writes.NextWrite(), HasSubstr("\"message\":\"kept\"}\n"));
  EXPECT_EQ(stderr_writes.NextWrite(), "");
}

TEST(Log, ErrnoIsLeftAloneEvenIfTheWriteFails) {
  const int saved = dup(STDERR_FILENO);
  close(STDERR_FILENO);
  errno = EAGAIN;
  Log(LogLevel::kError, "lost");
  const int after = errno;
  dup2(saved, STDERR_FILENO);
  close(saved);
  EXPECT_EQ(after, EAGAIN);
}

TEST(Log, NamesOfLevelsAndFormatsReadBack) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo,
                               LogLevel::kWarning, LogLevel::kError}) {
    EXPECT_EQ(ParseLogLevel(LogLevelName(level)), level);
  }
  EXPECT_EQ(ParseLogFormat("json"), LogFormat::kJson);
  EXPECT_EQ(ParseLogLevel("INFO"), absl::nullopt);
  EXPECT_EQ(ParseLogFormat(""), absl::nullopt);
}

}  // namespace
}  // namespace sluice
