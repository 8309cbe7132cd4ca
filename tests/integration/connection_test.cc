#include <gmock/gmock.h>

#include "bridge/http/sse_frame.h"
#include "tests/integration/bridge_fixture.h"

namespace sluice {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

using ConnectionTest = BridgeTest;

size_t CountResponses(const std::string& bytes) {
  size_t count = 0;
  for (size_t at = 0; (at = bytes.find("HTTP/1.1 ", at)) != std::string::npos;
       ++at)
    ++count;
  return count;
}

TEST_F(ConnectionTest, ABrowsersFullSetOfFieldsGetsIdentityBytes) {
  Start();
  Publish("t", {"hello"}, true);
  RawClient client(bridge_->http_port());
  client.Send(GetTopic(
      "t",
      "Connection: keep-alive\r\nCache-Control: no-cache\r\n"
      "User-Agent: Mozilla/5.0\r\nAccept: text/event-stream\r\n"
      "Range: bytes=0-\r\nIf-None-Match: *\r\nDNT: 1\r\n"
      "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n"
      "Referer: http://h/\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
      "Accept-Language: en-US,en;q=0.9\r\nCookie: a=b\r\n"));
  const std::string& response = client.ReadToEnd();
  EXPECT_EQ(StatusOf(response), 200);
  const std::string head = HeadOf(response);
  EXPECT_THAT(head,
              HasSubstr("Content-Type: text/event-stream; charset=utf-8\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Encoding")));
  EXPECT_THAT(head, Not(HasSubstr("Keep-Alive")));
  EXPECT_THAT(head, HasSubstr("Connection: close\r\n"));
  bool complete = false;
  const std::string body = Unchunk(BodyOf(response), &complete);
  EXPECT_TRUE(complete);
  EXPECT_EQ(body.rfind(Opening(absl::Seconds(2)), 0), 0u);
  EXPECT_EQ(ParseEvents(body).size(), 2u);
}

TEST_F(ConnectionTest, AReaderOfHttp10GetsARawBody) {
  Start();
  Publish("t", {"hello"}, true);
  RawClient client(bridge_->http_port());
  client.Send("GET /v1/topics/t/events HTTP/1.0\r\n\r\n");
  const std::string& response = client.ReadToEnd();
  EXPECT_THAT(HeadOf(response), HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(HeadOf(response), Not(HasSubstr("Transfer-Encoding")));
  EXPECT_EQ(BodyOf(response).rfind("retry: 2000\n: sluice\nid: ", 0), 0u);
  EXPECT_THAT(response, EndsWith("\ndata: [DONE]\n\n"));
}

TEST_F(ConnectionTest, ASecondRequestBehindAStreamIsNeverAnswered) {
  Start();
  RawClient client(bridge_->http_port());
  client.Send(GetTopic("t") + Get("/none"));
  ASSERT_TRUE(client.ReadUntil(": sluice\n"));
  client.Send(Get("/none"));
  Publish("t", {"hello"}, true);
  EXPECT_EQ(CountResponses(client.ReadToEnd()), 1u);
  EXPECT_THAT(client.received(), EndsWith("\r\n0\r\n\r\n"));
}

TEST_F(ConnectionTest, PlainRequestsFollowEachOtherOnAConnection) {
  Start();
  RawClient client(bridge_->http_port());
  client.Send(Get("/none"));
  ASSERT_TRUE(client.ReadUntil("}}\n"));
  const size_t first = client.received().size();
  client.Send(Get("/none"));
  ASSERT_TRUE(client.ReadUntil("}}\n", first));
  client.Send(Get("/none") + Get("/none", "Connection: close\r\n"));
  EXPECT_EQ(CountResponses(client.ReadToEnd()), 4u);
}

TEST_F(ConnectionTest, HalfAHeadIsTimedOutAndAnIdleConnectionIsClosed) {
  config_.header_timeout = absl::Milliseconds(200);
  Start();
  RawClient idle(bridge_->http_port());
  RawClient half(bridge_->http_port());
  RawClient kept(bridge_->http_port());
  half.Send("GET / HTTP/1.1\r\nHos");
  kept.Send(Get("/none"));
  EXPECT_EQ(StatusOf(half.ReadToEnd()), 408);
  EXPECT_EQ(idle.ReadToEnd(), "");
  EXPECT_EQ(CountResponses(kept.ReadToEnd()), 1u);
}

TEST_F(ConnectionTest, AReaderThatTalksTooMuchIsClosed) {
  Start();
  RawClient client(bridge_->http_port());
  client.Send(GetTopic("t"));
  ASSERT_TRUE(client.ReadUntil(": sluice\n"));
  // More than the sockets' buffers take: a reset would come in between.
  EXPECT_TRUE(client.Send(std::string(8 << 20, 'x')));
  client.ReadToEnd();
  EXPECT_FALSE(client.reset());
  EXPECT_THAT(client.received(), Not(EndsWith("0\r\n\r\n")));
}

TEST_F(ConnectionTest, AHeadRegistersNoSubscription) {
  Start();
  Publish("t", {"hello"}, false);
  RawClient head(bridge_->http_port());
  head.Send("HEAD /v1/topics/t/events HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(StatusOf(head.ReadToEnd()), 200);
  EXPECT_EQ(BodyOf(head.received()), "");
  EXPECT_EQ(Subscribers("t"), 0u);
  RawClient reader(bridge_->http_port());
  reader.Send(GetTopic("t"));
  ASSERT_TRUE(reader.ReadUntil(": sluice\n"));
  EXPECT_EQ(Subscribers("t"), 1u);
}

}  // namespace
}  // namespace sluice
