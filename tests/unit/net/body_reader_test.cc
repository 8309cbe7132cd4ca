#include "bridge/net/body_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

using Progress = BodyReader::Progress;

RequestHead WithLength(uint64_t length) {
  RequestHead head;
  head.content_length = length;
  return head;
}

RequestHead Chunked() {
  RequestHead head;
  head.chunked = true;
  return head;
}

struct Outcome {
  Progress progress;
  std::string body;
  std::string rest;
};

// What comes of `input` in pieces of `step` bytes.
Outcome ReadInSteps(const RequestHead& head, absl::string_view input,
                    size_t step, size_t max_bytes = 100) {
  BodyReader reader(head, max_bytes);
  std::string waiting;
  for (;;) {
    absl::string_view left = waiting;
    const Progress progress = reader.Read(left);
    if (progress != Progress::kNeedMore || input.empty())
      return {progress, reader.body(), absl::StrCat(left, input)};
    EXPECT_TRUE(left.empty());
    waiting = std::string(input.substr(0, step));
    input.remove_prefix(waiting.size());
  }
}

void ExpectBody(const RequestHead& head, absl::string_view input,
                absl::string_view body, absl::string_view rest) {
  for (size_t step = 1; step <= input.size() + 1; ++step) {
    const Outcome outcome = ReadInSteps(head, input, step);
    EXPECT_EQ(outcome.progress, Progress::kReady) << step;
    EXPECT_EQ(outcome.body, body) << step;
    EXPECT_EQ(outcome.rest, rest) << step;
  }
}

TEST(BodyReaderTest, ReadsAsMuchAsContentLengthSays) {
  ExpectBody(WithLength(5), "helloGET /", "hello", "GET /");
  ExpectBody(WithLength(0), "GET /", "", "GET /");
}

TEST(BodyReaderTest, JoinsChunks) {
  ExpectBody(Chunked(), "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET /",
             "hello world", "GET /");
  ExpectBody(Chunked(), "0\r\n\r\n", "", "");
  ExpectBody(Chunked(), "00a\r\n0123456789\r\n0\r\n\r\n", "0123456789", "");
  ExpectBody(Chunked(), "A\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n",
             "\r\n\r\n\r\n\r\n\r\n", "");
}

TEST(BodyReaderTest, PassesOverExtensionsAndTrailers) {
  ExpectBody(Chunked(),
             "5;name=value\r\nhello\r\n0 ; last\r\nA: b\r\nC: d\r\n\r\nrest",
             "hello", "rest");
}

TEST(BodyReaderTest, RefusesWhatIsNoChunk) {
  for (const char* input :
       {"\r\n", "x\r\n", "-1\r\nx\r\n", "+5\r\nhello\r\n", "0x5\r\nhello\r\n",
        " 5\r\nhello\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello!\r\n", "5\r\nhello\r\n0\r\n\n", "5\rX\r\n", "5 x\r\n",
        "5;a\rb\r\n", "0\r\nA: b\rC: d\r\n\r\n", "1000000000000000\r\n",
        "ffffffffffffffffffff\r\n"}) {
    for (size_t step : {1, 2, 100}) {
      EXPECT_EQ(ReadInSteps(Chunked(), input, step).progress,
                Progress::kMalformed)
          << input;
    }
  }
}

TEST(BodyReaderTest, RefusesLinesAndTrailersWithoutEnd) {
  const std::string line(300, 'a');
  EXPECT_EQ(ReadInSteps(Chunked(), "5;" + line, 7).progress,
            Progress::kMalformed);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 100; ++i) absl::StrAppend(&trailers, line, "\r\n");
  EXPECT_EQ(ReadInSteps(Chunked(), trailers, 7).progress, Progress::kMalformed);
}

TEST(BodyReaderTest, RefusesALargerOneAsSoonAsItsSizeIsKnown) {
  EXPECT_EQ(ReadInSteps(WithLength(101), "", 1).progress, Progress::kTooLarge);
  EXPECT_EQ(ReadInSteps(WithLength(100), "", 1).progress, Progress::kNeedMore);
  EXPECT_EQ(ReadInSteps(WithLength(~uint64_t{0}), "", 1).progress,
            Progress::kTooLarge);
  EXPECT_EQ(ReadInSteps(Chunked(), "65\r\n", 1).progress, Progress::kTooLarge);
  EXPECT_EQ(ReadInSteps(Chunked(), "fffffffffffffff\r\n", 1).progress,
            Progress::kTooLarge);
  EXPECT_EQ(ReadInSteps(Chunked(), "2\r\nab\r\n63\r\n", 1).progress,
            Progress::kTooLarge);
}

}  // namespace
}  // namespace sluice
