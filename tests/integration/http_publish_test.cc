#include <gmock/gmock.h>

#include "tests/integration/bridge_fixture.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class HttpPublishTest : public BridgeTest {
 protected:
  HttpPublishTest() { config_.http_publish = true; }

  static std::string Post(absl::string_view topic, absl::string_view fields,
                          absl::string_view rest) {
    return absl::StrCat("POST /v1/topics/", topic,
                        "/events HTTP/1.1\r\nHost: h\r\n", fields, "\r\n",
                        rest);
  }
  static std::string PostText(absl::string_view topic, absl::string_view text,
                              absl::string_view fields = "") {
    return Post(topic,
                absl::StrCat("Content-Length: ", text.size(), "\r\n", fields),
                text);
  }

  // What the server answers until it closes.
  std::string Answer(const std::string& request) {
    RawClient client(bridge_->http_port());
    client.Send(request);
    client.ShutdownWrite();
    return client.ReadToEnd();
  }

  std::vector<SseEvent> Events(const std::string& topic) {
    Publish(topic, {}, true);
    RawClient client(bridge_->http_port());
    client.Send(GetTopic(topic));
    bool complete = false;
    return ParseEvents(Unchunk(BodyOf(client.ReadToEnd()), &complete));
  }
};

TEST_F(HttpPublishTest, PublishesTheBodyOverAConnectionThatGoesOn) {
  Start();
  const std::string answers = Answer(
      PostText("t", "one") +
      Post("t", "Transfer-Encoding: chunked\r\n",
           "3\r\ntwo\r\n7\r\n\r\nlines\r\n0\r\n\r\n") +
      PostText("t", "", "Sluice-Event-Id: a\r\nSluice-Event-Type: x\r\n") +
      PostText("t", "again", "Sluice-Event-Id: a\r\n"));
  EXPECT_EQ(StatusOf(answers), 200);
  EXPECT_THAT(answers, HasSubstr("\"duplicate\":true}"));
  const std::vector<SseEvent> events = Events("t");
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].data, "one");
  EXPECT_EQ(events[1].data, "two\nlines");
  EXPECT_EQ(events[2].data, "");
  EXPECT_EQ(events[2].id, "a");
  EXPECT_EQ(events[2].type, "x");
}

TEST_F(HttpPublishTest, RefusesWhatIsNoEventAndStoresNothing) {
  config_.max_event_bytes = 100;
  Start();
  const struct {
    std::string request;
    int status;
  } kRows[] = {
      {PostText("t", "x", "Sluice-Event-Id: \xc3\xa9\r\n"), 400},
      {PostText("t", "x", "Sluice-Event-Type: sluice.gap\r\n"), 400},
      {PostText("t", "[DONE]"), 400},
      {PostText("t", "\xff"), 400},
      {PostText("t", absl::string_view("\0", 1)), 400},
      {PostText("t", "x", "Content-Encoding: gzip\r\n"), 400},
      {PostText("sluice.x", "x"), 400},
      {PostText("t", std::string(101, 'x')), 413},
      {PostText("t", std::string(100, 'x'), "Sluice-Event-Id: a\r\n"), 413},
      {Post("t", "Transfer-Encoding: chunked\r\n", "65\r\n"), 413},
      {Post("t", "Transfer-Encoding: chunked\r\n", "zz\r\n"), 400},
      {PostText("t", "x", "Origin: http://elsewhere\r\n"), 403},
  };
  for (const auto& row : kRows) {
    const std::string answer = Answer(row.request);
    EXPECT_EQ(StatusOf(answer), row.status) << row.request << answer;
    EXPECT_THAT(BodyOf(answer), StartsWith("{\"error\":{\"code\":"));
  }
  EXPECT_EQ(Events("t").size(), 1u);
}

TEST_F(HttpPublishTest, IsOffByDefault) {
  config_.http_publish = false;
  Start();
  EXPECT_EQ(StatusOf(Answer(PostText("t", "x"))), 403);
}

TEST_F(HttpPublishTest, ABodyThatDoesNotComeIsAnswered408) {
  config_.body_timeout = absl::Milliseconds(100);
  Start();
  RawClient client(bridge_->http_port());
  client.Send(Post("t", "Content-Length: 5\r\n", "abc"));
  const std::string& answer = client.ReadToEnd();
  EXPECT_EQ(StatusOf(answer), 408);
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
}

}  // namespace
}  // namespace sluice
