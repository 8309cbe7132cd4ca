#include "bridge/net/request_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::Pair;

using Progress = RequestReader::Progress;

constexpr char kHost[] = "Host: h\r\n";

std::string Get(absl::string_view fields) {
  return absl::StrCat("GET / HTTP/1.1\r\n", fields, "\r\n");
}

std::string GetWithHost(absl::string_view fields) {
  return Get(absl::StrCat(kHost, fields));
}

// 0 for a request that is taken, -1 for one that is not complete.
int StatusOf(RequestReader& reader, Progress progress) {
  switch (progress) {
    case Progress::kReady:
      return 0;
    case Progress::kNeedMore:
      return -1;
    case Progress::kRefused:
      EXPECT_FALSE(reader.refusal().message.empty());
      return reader.refusal().http_status;
  }
  return -2;
}

int ReadAtOnce(absl::string_view bytes) {
  RequestReader reader;
  const Progress progress = reader.Read(bytes);
  return StatusOf(reader, progress);
}

// Exactly the bytes so far in memory of their own, so that a sanitizer sees
// each byte read beyond them.
int ReadByteByByte(absl::string_view bytes) {
  RequestReader reader;
  Progress progress = Progress::kNeedMore;
  for (size_t n = 1; n <= bytes.size() && progress == Progress::kNeedMore;
       ++n) {
    const std::vector<char> input(bytes.begin(),
                                  bytes.begin() + static_cast<ptrdiff_t>(n));
    progress = reader.Read({input.data(), input.size()});
  }
  return StatusOf(reader, progress);
}

struct Row {
  const char* why;
  std::string bytes;
  int http_status;
};

std::string Repeated(absl::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) absl::StrAppend(&all, text);
  return all;
}

std::vector<Row> Rows() {
  using namespace std::string_literals;
  return {
      // Request lines.
      {"plain", GetWithHost(""), 0},
      {"one empty line first", "\r\n" + GetWithHost(""), 0},
      {"two empty lines first", "\r\n\r\n" + GetWithHost(""), 400},
      {"version 1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 0},
      {"HTTP/0.9", "GET /\r\n\r\n", 400},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 400},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 400},
      {"HTTP/1.01", "GET / HTTP/1.01\r\nHost: h\r\n\r\n", 400},
      {"http/1.1", "GET / http/1.1\r\nHost: h\r\n\r\n", 400},
      {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"a TLS hello", "\x16\x03\x01\x02\x00\x01"s, 400},
      {"an SSH banner", "SSH-2.0-OpenSSH_9.2\r\n", 400},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a tab", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a space at the end", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
      {"a space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"no method", " / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a method that is no token", "G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a lower-case method", "get / HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {"a mixed method", "GeT / HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {"a method nobody knows", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"a bad escape", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"an escaped NUL", "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"CONNECT", "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n", 400},
      {"a path of over 1 KiB",
       "GET /" + std::string(1024, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
      {"a line of 8 KiB and no end yet",
       "GET /?" + std::string((8 << 10) - 6, 'a'), -1},
      {"a line of over 8 KiB", "GET /?" + std::string((8 << 10) - 5, 'a'), 414},
      {"a line of exactly 8 KiB",
       "GET /?" + std::string((8 << 10) - 6 - 11, 'a') + " HTTP/1.1\r\n" +
           "Host: h\r\n\r\n",
       0},

      // Lines.
      {"a bare LF behind the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n",
       400},
      {"a bare LF behind a field", "GET / HTTP/1.1\r\nHost: h\n\r\n", 400},
      {"a bare LF as the end", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400},
      {"a bare CR in the request line", "GET /\r HTTP/1.1\r\nHost: h\r\n\r\n",
       400},
      {"a bare CR in a field", GetWithHost("A: b\rc\r\n"), 400},
      {"CR CR LF", GetWithHost("A: b\r\r\n"), 400},
      {"a bare CR in Last-Event-ID", GetWithHost("Last-Event-ID: a\rb\r\n"),
       400},
      {"NUL in a value", GetWithHost("A: b\0c\r\n"s), 400},
      {"NUL in a name", GetWithHost("A\0: c\r\n"s), 400},
      {"NUL in Last-Event-ID", GetWithHost("Last-Event-ID: \0\r\n"s), 400},
      {"a control in a value", GetWithHost("A: b\x01\r\n"), 400},
      {"DEL in a value", GetWithHost("A: b\x7f\r\n"), 400},
      {"a tab in a value", GetWithHost("A: b\tc\r\n"), 0},
      {"bytes that are not ASCII in a value", GetWithHost("A: \xff\xc3\r\n"),
       0},
      {"a folded field", GetWithHost("A: b\r\n c\r\n"), 400},
      {"a folded first field", Get(" A: b\r\nHost: h\r\n"), 400},
      {"a field folded with a tab", GetWithHost("A: b\r\n\tc\r\n"), 400},
      {"a space before the colon", GetWithHost("A : b\r\n"), 400},
      {"a field without a name", GetWithHost(": b\r\n"), 400},
      {"a field without a colon", GetWithHost("A\r\n"), 400},
      {"a name with a control", GetWithHost("A\x01: b\r\n"), 400},
      {"a name that is not ASCII", GetWithHost("\xC3\xA9: b\r\n"), 400},
      {"an empty value", GetWithHost("A:\r\n"), 0},

      // Host.
      {"no Host", Get(""), 400},
      {"two Hosts", GetWithHost(kHost), 400},
      {"an empty Host", Get("Host:\r\n"), 400},
      {"a Host with a path", Get("Host: h/x\r\n"), 400},
      {"a Host with a user", Get("Host: u@h\r\n"), 400},
      {"two Hosts in one", Get("Host: a b\r\n"), 400},
      {"a port that is too large", Get("Host: h:65536\r\n"), 400},
      {"a port that is no number", Get("Host: h:x\r\n"), 400},
      {"a signed port", Get("Host: h:+1\r\n"), 400},
      {"an empty port", Get("Host: h:\r\n"), 0},
      {"a Host with a port", Get("Host: h:65535\r\n"), 0},
      {"an IPv6 Host", Get("Host: [::1]:80\r\n"), 0},
      {"an open bracket", Get("Host: [::1\r\n"), 400},
      {"a bad Host in HTTP/1.0", "GET / HTTP/1.0\r\nHost: /\r\n\r\n", 400},
      {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n",
       400},

      // Lengths.
      {"a length of nothing", GetWithHost("Content-Length: 0\r\n"), 0},
      {"a GET with a body", GetWithHost("Content-Length: 10\r\n"), 400},
      {"a GET with chunks", GetWithHost("Transfer-Encoding: chunked\r\n"), 400},
      {"a POST with a body",
       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n", 0},
      {"a length and an encoding",
       "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
       "Transfer-Encoding: chunked\r\n\r\n",
       400},
      {"an encoding and a length",
       "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
       "Content-Length: 0\r\n\r\n",
       400},
      {"two lengths", GetWithHost("Content-Length: 0\r\nContent-Length: 1\r\n"),
       400},
      {"two equal lengths",
       GetWithHost("Content-Length: 0\r\nContent-Length: 0\r\n"), 400},
      {"two lengths in one", GetWithHost("Content-Length: 0,0\r\n"), 400},
      {"a length with a plus", GetWithHost("Content-Length: +0\r\n"), 400},
      {"a length below zero", GetWithHost("Content-Length: -1\r\n"), 400},
      {"a length in hexadecimal", GetWithHost("Content-Length: 0x0\r\n"), 400},
      {"an empty length", GetWithHost("Content-Length:\r\n"), 400},
      {"a length of 2^64",
       "POST / HTTP/1.1\r\nHost: h\r\n"
       "Content-Length: 18446744073709551616\r\n\r\n",
       400},
      {"two encodings",
       GetWithHost(Repeated("Transfer-Encoding: chunked\r\n", 2)), 400},
      {"a list of encodings",
       GetWithHost("Transfer-Encoding: chunked, identity\r\n"), 400},
      {"an unknown encoding", GetWithHost("Transfer-Encoding: xchunked\r\n"),
       400},
      {"an encoding behind a vertical tab",
       GetWithHost("Transfer-Encoding: \x0b"
                   "chunked\r\n"),
       400},
      {"an encoding in HTTP/1.0",
       "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},

      // Limits.
      {"100 fields", GetWithHost(Repeated("A: b\r\n", 99)), 0},
      {"101 fields", GetWithHost(Repeated("A: b\r\n", 100)), 431},
      {"a head of exactly 16 KiB",
       GetWithHost(
           "A: " +
           std::string((16 << 10) - GetWithHost("A: \r\n").size(), 'a') +
           "\r\n"),
       0},
      {"a head of one byte more",
       GetWithHost(
           "A: " +
           std::string((16 << 10) + 1 - GetWithHost("A: \r\n").size(), 'a') +
           "\r\n"),
       431},
      {"a field without an end",
       "GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(16 << 10, 'a'), 431},
  };
}

TEST(RequestReaderTest, TakesAndRefusesAsTheTableSays) {
  for (const Row& row : Rows())
    EXPECT_EQ(ReadAtOnce(row.bytes), row.http_status) << row.why;
}

TEST(RequestReaderTest, SaysTheSameOfBytesThatComeOneByOne) {
  for (const Row& row : Rows())
    EXPECT_EQ(ReadByteByByte(row.bytes), row.http_status) << row.why;
}

TEST(RequestReaderTest, AControlBeforeTheLimitIsToldHoweverMuchHasCome) {
  const std::string line = "GET /\x01" + std::string(kMaxRequestLineBytes, 'a');
  EXPECT_EQ(ReadAtOnce(line), 400);
  EXPECT_EQ(ReadByteByByte(line), 400);
  const std::string beyond = "GET /" + std::string(kMaxRequestLineBytes, 'a');
  EXPECT_EQ(ReadAtOnce(beyond + "\x01"), 414);
  EXPECT_EQ(ReadByteByByte(beyond + "\x01"), 414);
}

TEST(RequestReaderTest, EveryBeginningOfARequestNeedsMore) {
  const std::string bytes = GetWithHost("Accept: text/event-stream\r\n");
  for (size_t n = 0; n < bytes.size(); ++n)
    EXPECT_EQ(ReadAtOnce(absl::string_view(bytes).substr(0, n)), -1) << n;
}

TEST(RequestReaderTest, AnotherProtocolIsRefusedAtItsFirstBytes) {
  EXPECT_EQ(ReadAtOnce("\x16"), 400);
  EXPECT_EQ(ReadAtOnce(absl::string_view("GE\0", 3)), 400);
}

TEST(RequestReaderTest, TheHeadIsWhatTheClientWrote) {
  RequestReader reader;
  const std::string bytes =
      "PUT /v1/a%20b?x=1 HTTP/1.0\r\nHost:\t h:1 \t\r\nX-Thing: a\r\n"
      "x-thing:  b c\r\n\r\n";
  ASSERT_EQ(reader.Read(bytes + "more"), Progress::kReady);
  EXPECT_EQ(reader.head_bytes(), bytes.size());
  const RequestHead& head = reader.head();
  EXPECT_EQ(head.method, "PUT");
  EXPECT_EQ(head.minor_version, 0);
  EXPECT_THAT(head.target.segments, ElementsAre("v1", "a b"));
  EXPECT_EQ(head.target.Param("x"), "1");
  EXPECT_THAT(head.fields,
              ElementsAre(Pair("host", "h:1"), Pair("x-thing", "a"),
                          Pair("x-thing", "b c")));
  EXPECT_EQ(head.Field("x-thing"), "a");
  EXPECT_EQ(head.Field("none"), absl::nullopt);
  EXPECT_FALSE(head.has_body());
}

TEST(RequestReaderTest, OneRequestFollowsAnother) {
  RequestReader reader;
  std::string input = GetWithHost("A: 1\r\n") + GetWithHost("A: 2\r\n");
  for (const char* value : {"1", "2"}) {
    ASSERT_EQ(reader.Read(input), Progress::kReady);
    EXPECT_EQ(reader.head().Field("a"), value);
    input.erase(0, reader.head_bytes());
    reader.Reset();
  }
  EXPECT_TRUE(input.empty());
  EXPECT_EQ(reader.Read(input), Progress::kNeedMore);
}

TEST(RequestReaderTest, KeepAliveIsTheVersionsRuleUnlessConnectionSays) {
  const struct {
    const char* version;
    const char* fields;
    bool keep_alive;
  } kRows[] = {
      {"1.1", "", true},
      {"1.0", "", false},
      {"1.1", "Connection: close\r\n", false},
      {"1.1", "Connection: CLOSE\r\n", false},
      {"1.1", "Connection: x, Close \r\n", false},
      {"1.1", "Connection: keep-alive\r\n", true},
      {"1.1", "Connection: keep-alive, close\r\n", false},
      {"1.1", "Connection: closed\r\n", true},
      {"1.1", "Connection: x\r\nConnection: close\r\n", false},
      {"1.0", "Connection: Keep-Alive\r\n", true},
      {"1.0", "Connection: keep-alive, close\r\n", false},
  };
  for (const auto& row : kRows) {
    RequestReader reader;
    ASSERT_EQ(reader.Read(absl::StrCat("GET / HTTP/", row.version, "\r\n",
                                       kHost, row.fields, "\r\n")),
              Progress::kReady);
    EXPECT_EQ(reader.head().keep_alive, row.keep_alive)
        << row.version << " " << row.fields;
  }
}

TEST(RequestReaderTest, LastEventIdMayBeAnyRubbish) {
  for (const char* id : {"\xE9", "\xF0\x9F\x98\x80", "\x01\x02\x1b", "\x7f",
                         "\"<a>", "a: b", "-1", "\xff\xfe"}) {
    RequestReader reader;
    ASSERT_EQ(
        reader.Read(GetWithHost(absl::StrCat("Last-Event-ID: ", id, "\r\n"))),
        Progress::kReady)
        << id;
    EXPECT_EQ(reader.head().Field("last-event-id"), id);
  }
}

TEST(RequestReaderTest, ABodyIsNoted) {
  for (const char* length :
       {"Content-Length: 1\r\n", "Content-Length: 18446744073709551615\r\n",
        "Transfer-Encoding: Chunked\r\n"}) {
    RequestReader reader;
    ASSERT_EQ(
        reader.Read(absl::StrCat("POST / HTTP/1.1\r\n", kHost, length, "\r\n")),
        Progress::kReady);
    EXPECT_TRUE(reader.head().has_body()) << length;
  }
}

}  // namespace
}  // namespace sluice
