#include "tests/load/stream_check.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

constexpr char kHead[] =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr char kOpening[] = "retry: 2000\n: sluice\n";
constexpr char kLastChunk[] = "0\r\n\r\n";

std::string Chunk(const std::string& bytes) {
  char size[32];
  std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
  return absl::StrCat(size, bytes, "\r\n");
}

std::string Event(int offset, const std::string& data) {
  return absl::StrCat("id: aaaaaaaaaaaaa-", offset, "\ndata: ", data, "\n\n");
}

std::string Numbered(int number) {
  return Event(number + 1, std::to_string(number));
}

const std::string& Opened() {
  static const std::string& opened =
      *new std::string(absl::StrCat(kHead, Chunk(kOpening)));
  return opened;
}

class StreamCheckTest : public testing::Test {
 protected:
  void Feed(const std::string& bytes, int64_t now_us = 0) {
    check_.Feed(bytes, now_us, tally_);
  }
  uint64_t Wrong() const {
    return tally_.duplicates + tally_.missing + tally_.disordered +
           tally_.split + tally_.odd;
  }

  StreamCheck check_;
  Tally tally_;
};

TEST_F(StreamCheckTest, AStreamIsCountedHoweverItsBytesCome) {
  const std::string whole = absl::StrCat(
      Opened(), Chunk(Numbered(0)), Chunk(Event(2, "1 5 xxxx\ndata: more")),
      Chunk(": heartbeat\n"), Chunk(Numbered(2)), Chunk(Event(9, "[DONE]")),
      kLastChunk);
  for (size_t piece : {whole.size(), size_t{1}, size_t{2}, size_t{7}}) {
    check_ = StreamCheck();
    tally_ = Tally();
    for (size_t at = 0; at < whole.size(); at += piece) {
      Feed(whole.substr(at, piece), 100);
    }
    EXPECT_EQ(check_.status(), 200);
    EXPECT_TRUE(check_.opened());
    EXPECT_EQ(check_.retry_ms(), 2000);
    EXPECT_EQ(check_.events(), 3u);
    EXPECT_EQ(check_.next(), 3u);
    EXPECT_EQ(tally_.events, 3u);
    EXPECT_EQ(tally_.heartbeats, 1u);
    EXPECT_EQ(tally_.bytes, whole.size());
    EXPECT_EQ(tally_.latency.count(), 1u);
    EXPECT_EQ(tally_.latency.max_us(), 95u);
    EXPECT_TRUE(check_.done());
    EXPECT_TRUE(check_.last_chunk());
    EXPECT_FALSE(check_.cut());
    EXPECT_EQ(Wrong(), 0u);
  }
}

TEST_F(StreamCheckTest, ABodyWithoutChunksIsReadToo) {
  Feed(absl::StrCat("HTTP/1.1 200 OK\r\n\r\n", kOpening, Numbered(0)));
  EXPECT_EQ(check_.events(), 1u);
  EXPECT_FALSE(check_.cut());
  Feed("id: aaaaaaaaaaaaa-2\n");
  EXPECT_TRUE(check_.cut());
  EXPECT_EQ(Wrong(), 0u);
}

TEST_F(StreamCheckTest, ANumberThatComesAgainIsADuplicate) {
  Feed(absl::StrCat(Opened(), Chunk(Event(1, "0")), Chunk(Event(2, "0"))));
  EXPECT_EQ(tally_.duplicates, 1u);
  EXPECT_EQ(Wrong(), 1u);
}

TEST_F(StreamCheckTest, NumbersPassedOverAreMissing) {
  Feed(absl::StrCat(Opened(), Chunk(Event(1, "0")), Chunk(Event(2, "4"))));
  EXPECT_EQ(tally_.missing, 3u);
  EXPECT_EQ(Wrong(), 3u);
}

TEST_F(StreamCheckTest, IdsGrow) {
  Feed(absl::StrCat(Opened(), Chunk(Event(5, "0")), Chunk(Event(5, "1"))));
  EXPECT_EQ(tally_.disordered, 1u);
  EXPECT_EQ(Wrong(), 1u);
}

TEST_F(StreamCheckTest, BehindAGapTheNumbersGoOnElsewhere) {
  Feed(absl::StrCat(Opened(), Chunk(Numbered(0)),
                    Chunk("id: aaaaaaaaaaaaa-7\nevent: sluice.gap\n"
                          "data: {\"reason\":\"trimmed\"}\n\n"),
                    Chunk(Numbered(7)), Chunk(Numbered(8))));
  EXPECT_EQ(tally_.gaps, 1u);
  EXPECT_EQ(check_.next(), 9u);
  EXPECT_EQ(Wrong(), 0u);
}

TEST_F(StreamCheckTest, AnEventOverTwoChunksIsSplit) {
  const std::string event = Numbered(0);
  Feed(absl::StrCat(Opened(), Chunk(event.substr(0, 8)),
                    Chunk(event.substr(8))));
  EXPECT_EQ(tally_.split, 1u);
  EXPECT_EQ(check_.events(), 1u);
}

TEST_F(StreamCheckTest, AStreamIsCutUnlessItEndsBehindAWholeChunk) {
  const std::string whole = absl::StrCat(Opened(), Chunk(Numbered(0)));
  Feed(Opened());
  EXPECT_FALSE(check_.cut());
  for (size_t at = Opened().size(); at < whole.size(); ++at) {
    Feed(whole.substr(at, 1));
    EXPECT_EQ(check_.cut(), at + 1 < whole.size()) << at;
  }
}

TEST_F(StreamCheckTest, NothingAtAllIsNotCut) {
  EXPECT_TRUE(check_.empty());
  EXPECT_FALSE(check_.cut());
  Feed("H");
  EXPECT_FALSE(check_.empty());
  EXPECT_TRUE(check_.cut());
}

TEST_F(StreamCheckTest, TheLastWordsMayTellWhenToComeBack) {
  Feed(absl::StrCat(Opened(), Chunk(Numbered(0))));
  EXPECT_FALSE(check_.retry_is_last());
  Feed(Chunk("retry: 3456\n"));
  EXPECT_TRUE(check_.retry_is_last());
  EXPECT_EQ(check_.retry_ms(), 3456);
  EXPECT_FALSE(check_.cut());
}

TEST_F(StreamCheckTest, AReaderGoesOnWhereItIsOverAnotherConnection) {
  Feed(absl::StrCat(Opened(), Chunk(Numbered(0)), "5\r\nid"));
  EXPECT_TRUE(check_.cut());
  check_.OnReconnect();
  EXPECT_EQ(check_.last_id(), "aaaaaaaaaaaaa-1");
  EXPECT_EQ(check_.retry_ms(), 2000);
  EXPECT_FALSE(check_.opened());
  Feed(absl::StrCat(Opened(), Chunk(Numbered(1))));
  EXPECT_EQ(check_.events(), 2u);
  EXPECT_EQ(Wrong(), 0u);
}

TEST_F(StreamCheckTest, AnotherLogCountsItsOwnIds) {
  Feed(absl::StrCat(Opened(), Chunk(Event(100, "0"))));
  check_.OnReconnect();
  Feed(absl::StrCat(Opened(), Chunk("id: bbbbbbbbbbbbb-1\ndata: 1\n\n")));
  EXPECT_EQ(Wrong(), 0u);
}

TEST_F(StreamCheckTest, BytesBehindTheLastChunkAreOdd) {
  Feed(absl::StrCat(Opened(), kLastChunk));
  EXPECT_TRUE(check_.last_chunk());
  Feed("HTTP/1.1 200 OK");
  EXPECT_GT(tally_.odd, 0u);
}

TEST_F(StreamCheckTest, WhatIsNoChunkIsOdd) {
  Feed(absl::StrCat(Opened(), "nonsense\r\n", Chunk(Numbered(0))));
  EXPECT_GT(tally_.odd, 0u);
  EXPECT_EQ(check_.events(), 0u);
}

}  // namespace
}  // namespace sluice
