#include "tests/integration/bridge_fixture.h"

namespace sluice {
namespace {

class HostileRequestTest : public BridgeTest {
 protected:
  void SetUp() override {
    config_.cors_origins = {"https://good.example"};
    Start();
    Publish("t", {"a"}, true);
  }

  int Ask(const std::string& bytes) {
    RawClient client(bridge_->http_port());
    client.Send(bytes);
    client.ShutdownWrite();
    return StatusOf(client.ReadToEnd());
  }
};

std::string Request(absl::string_view method, absl::string_view target,
                    absl::string_view fields = "") {
  return absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: h\r\n", fields,
                      "Connection: close\r\n\r\n");
}

TEST_F(HostileRequestTest, EachIsRefusedAndTheNextClientIsServed) {
  using namespace std::string_literals;
  const std::string events = "/v1/topics/t/events";
  const struct {
    std::string bytes;
    int status;
  } kRows[] = {
      {Request("GET", events, "Content-Length: 10\r\n"), 400},
      {Request("GET", events, "A: " + std::string(20000, 'a') + "\r\n"), 431},
      {Request("GET", events, "A: " + std::string(1 << 20, 'a') + "\r\n"), 431},
      {Request("GET", "/" + std::string(9000, 'a')), 414},
      {Request("GET", "/v1/topics/" + std::string(2000, 'a') + "/events"), 414},
      {"GET / HTTP/1.1\nHost: h\n\n", 400},
      {Request("GET", events, "A: b\r\n c\r\n"), 400},
      {Request("GET", events, "A : b\r\n"), 400},
      {Request("GET", events, "A: b\0\r\n"s), 400},
      {Request("POST", events,
               "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
       400},
      {Request("POST", events, "Content-Length: 5\r\nContent-Length: 6\r\n"),
       400},
      {Request("GET", events, "Transfer-Encoding: xchunked\r\n"), 400},
      {Request("GET", events, "Content-Length: +5\r\n"), 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {Request("GET", events, "Host: h\r\n"), 400},
      {"GET /\r\n", 400},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"\x16\x03\x01\x02\x00\x01\x00"s, 400},
      {"SSH-2.0-OpenSSH\r\n", 400},
      {Request("get", events), 501},
      {Request("PUT", events), 405},
      {Request("PATCH", events), 405},
      {Request("TRACE", events), 405},
      {Request("POST", events), 403},
      {Request("POST", events, "Origin: https://evil.example\r\n"), 403},
      {Request("DELETE", events, "Origin: null\r\n"), 403},
      {"CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n", 400},
      {Request("GET", events, "Accept: application/json\r\n"), 406},
      {Request("GET", "//evil"), 404},
      {Request("GET", "/%2e%2e/etc"), 404},
      {Request("GET", "/..;/x"), 404},
      {Request("GET", "*"), 404},
      {Request("GET", "/v1/topics/%00/events"), 400},
      {Request("GET", "/v1/topics/a%2fb/events"), 400},
      {Request("GET", "/v1/topics/%ff/events"), 400},
      {Request("GET", "/v1/topics/%c0%af/events"), 400},
      {Request("GET", "/v1/topics/%zz/events"), 400},
      {Request("GET", "/v1/topics//events"), 400},
      {Request("GET", "/v1/topics/a%0d%0ab/events"), 400},
      {Request("GET", "/v1/topics/a*/events"), 400},
      {Request("GET", events + "?from=now"), 400},
      {Request("GET", events + "?last=1&last=2"), 400},
      {Request("GET", events, "Expect: 100-continue\r\n"), 200},
      {Request("GET", events, "Upgrade: websocket\r\n"), 200},
      {Request("GET", "http://elsewhere" + events), 200},
      {Request("HEAD", events), 200},
      {Request("OPTIONS", events), 204},
      {Request("OPTIONS", "*"), 204},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(Ask(row.bytes), row.status) << row.bytes.substr(0, 100);
    ASSERT_EQ(Ask(Request("GET", "/next")), 404) << row.bytes.substr(0, 100);
  }
}

TEST_F(HostileRequestTest, OriginsThatAreNotListedLearnNothing) {
  for (const char* origin :
       {"null", "HTTPS://GOOD.EXAMPLE", "https://good.example/x",
        "https://good.example.evil.com", "http://good.example",
        "https://good.example:444"}) {
    RawClient client(bridge_->http_port());
    client.Send(Request("GET", "/v1/topics/t/events",
                        absl::StrCat("Origin: ", origin, "\r\n")));
    const std::string head = HeadOf(client.ReadToEnd());
    EXPECT_EQ(head.find("Access-Control"), std::string::npos) << origin;
    EXPECT_NE(head.find("Vary: Origin\r\n"), std::string::npos);
  }
  RawClient client(bridge_->http_port());
  client.Send(Request("GET", "/none", "Origin: https://good.example\r\n"));
  EXPECT_NE(client.ReadToEnd().find(
                "Access-Control-Allow-Origin: https://good.example\r\n"),
            std::string::npos);
}

TEST_F(HostileRequestTest, APreflightReflectsNothing) {
  RawClient client(bridge_->http_port());
  client.Send(Request("OPTIONS", "/v1/topics/t/events",
                      absl::StrCat("Origin: https://good.example\r\n"
                                   "Access-Control-Request-Headers: x-mine",
                                   std::string(10000, 'a'), "\r\n")));
  const std::string& response = client.ReadToEnd();
  EXPECT_EQ(StatusOf(response), 204);
  EXPECT_EQ(response.find("x-mine"), std::string::npos);
}

TEST_F(HostileRequestTest, APageThatMayReadIsLetReadARefusalToo) {
  config_.cors_origins = {"http://page"};
  Start();
  for (const std::string origin : {"http://page", "http://other"}) {
    RawClient client(bridge_->http_port());
    client.Send(Get("/v1/topics/t/events",
                    "Origin: " + origin + "\r\nContent-Length: 5\r\n"));
    const std::string head = HeadOf(client.ReadToEnd());
    EXPECT_EQ(StatusOf(head), 400);
    EXPECT_EQ(head.find("Access-Control-Allow-Origin: " + origin + "\r\n") !=
                  std::string::npos,
              origin == "http://page");
  }
}

}  // namespace
}  // namespace sluice
