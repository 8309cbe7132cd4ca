#include "bridge/http/gather_sink.h"

#include <gtest/gtest.h>

#include "bridge/http/sse_frame.h"

namespace sluice {
namespace {

SharedBytes Bytes(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

std::string Gathered(GatherSink& sink) {
  std::string all;
  for (const iovec& part : sink.iovecs())
    all.append(static_cast<const char*>(part.iov_base), part.iov_len);
  return all;
}

std::string Join(const std::vector<Unsent>& unsent) {
  std::string all;
  for (const Unsent& part : unsent) all += part.bytes->substr(part.from);
  return all;
}

TEST(GatherSinkTest, EncodedBytesAreGatheredWithoutACopy) {
  GatherSink sink;
  sink.Begin({}, true);
  EXPECT_TRUE(sink.empty());
  const SharedBytes frame = Bytes("abcdef");
  sink.WriteEncoded(frame);
  sink.WriteEncoded(frame, 4);
  EXPECT_EQ(Gathered(sink), "abcdefef");
  EXPECT_EQ(sink.bytes(), 8u);
  EXPECT_EQ(sink.iovecs()[0].iov_base, frame->data());
  EXPECT_EQ(sink.iovecs()[1].iov_base, frame->data() + 4);
}

TEST(GatherSinkTest, NothingLeftOfBytesIsNoPart) {
  GatherSink sink;
  sink.Begin({}, false);
  sink.WriteEncoded(Bytes(""));
  sink.WriteEncoded(Bytes("abc"), 3);
  EXPECT_TRUE(sink.empty());
}

TEST(GatherSinkTest, WriteMakesChunksOnlyOfAChunkedStream) {
  GatherSink sink;
  sink.Begin({}, true);
  EXPECT_TRUE(sink.write("hello", 5));
  EXPECT_EQ(Gathered(sink), "5\r\nhello\r\n");
  sink.Begin({}, false);
  EXPECT_TRUE(sink.write("hello", 5));
  EXPECT_EQ(Gathered(sink), "hello");
}

TEST(GatherSinkTest, DoneAddsTheLastChunkOnlyToAChunkedStream) {
  GatherSink sink;
  sink.Begin({}, true);
  EXPECT_FALSE(sink.finished());
  sink.WriteEncoded(Bytes("x"));
  sink.done();
  EXPECT_EQ(Gathered(sink), "x0\r\n\r\n");
  EXPECT_TRUE(sink.finished());
  sink.Begin({}, false);
  EXPECT_FALSE(sink.finished());
  sink.WriteEncoded(Bytes("x"));
  sink.done();
  EXPECT_EQ(Gathered(sink), "x");
  EXPECT_TRUE(sink.finished());
}

TEST(GatherSinkTest, APartialSendLeavesTheExactRest) {
  const std::string all = "abcdefghij0\r\n\r\n";
  for (size_t sent = 0; sent <= all.size(); ++sent) {
    GatherSink sink;
    sink.Begin({{Bytes("__ab"), 2}}, true);
    sink.WriteEncoded(Bytes("c"));
    sink.WriteEncoded(Bytes("defg"));
    sink.WriteEncoded(Bytes("_hij"), 1);
    sink.done();
    ASSERT_EQ(Gathered(sink), all);
    const std::vector<Unsent> unsent = sink.TakeUnsent(sent);
    EXPECT_EQ(Join(unsent), all.substr(sent));
    for (const Unsent& part : unsent) EXPECT_LT(part.from, part.bytes->size());
    EXPECT_TRUE(sink.empty());
  }
}

TEST(GatherSinkTest, TheRestGoesOutBeforeWhatIsNew) {
  GatherSink sink;
  sink.Begin({}, false);
  sink.WriteEncoded(Bytes("abc"));
  std::vector<Unsent> unsent = sink.TakeUnsent(1);
  sink.Begin(std::move(unsent), false);
  sink.WriteEncoded(Bytes("d"));
  EXPECT_EQ(Gathered(sink), "bcd");
  EXPECT_EQ(sink.bytes(), 3u);
}

TEST(GatherSinkTest, IsFullAtSoManyBytes) {
  GatherSink sink;
  sink.Begin({}, false);
  sink.WriteEncoded(Bytes(std::string(GatherSink::kMaxBytes - 1, 'x')));
  EXPECT_FALSE(sink.full());
  EXPECT_TRUE(sink.is_writable());
  sink.WriteEncoded(Bytes("x"));
  EXPECT_TRUE(sink.full());
  EXPECT_FALSE(sink.is_writable());
  const std::vector<Unsent> unsent = sink.TakeUnsent(1);
  sink.Begin(unsent, false);
  EXPECT_FALSE(sink.full());
}

TEST(GatherSinkTest, IsFullAtSoManyParts) {
  GatherSink sink;
  sink.Begin({}, false);
  const SharedBytes part = Bytes("x");
  for (size_t i = 0; i < GatherSink::kMaxParts; ++i) {
    EXPECT_FALSE(sink.full());
    sink.WriteEncoded(part);
  }
  EXPECT_TRUE(sink.full());
}

TEST(GatherSinkTest, LetsGoOfWhatWasSent) {
  GatherSink sink;
  const SharedBytes sent = Bytes("sent");
  const SharedBytes waiting = Bytes("waiting");
  sink.Begin({}, false);
  sink.WriteEncoded(sent);
  sink.WriteEncoded(waiting);
  const std::vector<Unsent> unsent = sink.TakeUnsent(5);
  EXPECT_EQ(sent.use_count(), 1);
  EXPECT_EQ(waiting.use_count(), 2);
}

}  // namespace
}  // namespace sluice
