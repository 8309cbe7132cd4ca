#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/integration/bridge_fixture.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

// The routes that treat topics as things, and history.
class HttpTopicsTest : public BridgeTest {
 protected:
  HttpTopicsTest() { config_.http_publish = true; }

  struct Answer {
    int status = 0;
    std::string head;
    Json body;
  };

  Answer Ask(const std::string& request) const {
    RawClient client(bridge_->http_port());
    client.Send(request);
    client.ShutdownWrite();
    const std::string& bytes = client.ReadToEnd();
    return {StatusOf(bytes), HeadOf(bytes),
            Json::parse(BodyOf(bytes), nullptr, false)};
  }
  Answer Send(absl::string_view method, absl::string_view target,
              absl::string_view body = "",
              absl::string_view fields = "") const {
    return Ask(absl::StrCat(method, " /v1/", target,
                            " HTTP/1.1\r\nHost: h\r\nContent-Length: ",
                            body.size(), "\r\n", fields, "\r\n", body));
  }
  Answer Post(absl::string_view target, absl::string_view body = "",
              absl::string_view fields = "") const {
    return Send("POST", target, body, fields);
  }
  Answer History(absl::string_view topic, absl::string_view query = "") const {
    return Ask(Get(absl::StrCat("/v1/topics/", topic, "/history?", query)));
  }

  // The data of what is still to be read.
  std::vector<std::string> Texts(const std::string& topic) const {
    std::vector<std::string> texts;
    const Answer history = History(topic, "limit=1000");
    for (const Json& event : history.body["events"])
      texts.push_back(event["data"]);
    return texts;
  }

  v1::Topic Describe(const std::string& topic) const {
    grpc::ClientContext context;
    v1::GetTopicRequest request;
    request.set_topic(topic);
    v1::GetTopicResponse response;
    const grpc::Status status = v1::TopicService::NewStub(channel_)->GetTopic(
        &context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.topic();
  }
};

TEST_F(HttpTopicsTest, MakesATopicWithTheSettingsThatGrpcShows) {
  TopicRule rule;
  rule.match = "ruled.*";
  rule.retention_bytes = 22;
  config_.topics = {rule};
  Start();
  const Answer made = Post("topics", R"({"topic":"ruled.t","settings":{
      "retentionEvents":"7","retentionAge":"90.5s","slowReader":"SLOW_READER_DISCONNECT"}})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.body, Json({{"topic", "ruled.t"},
                             {"events_url", "/v1/topics/ruled.t/events"}}));
  const v1::Topic topic = Describe("ruled.t");
  EXPECT_EQ(topic.settings().retention_events(), 7u);
  EXPECT_EQ(topic.settings().retention_bytes(), 22u);
  EXPECT_EQ(topic.settings().retention_age().seconds(), 90);
  EXPECT_EQ(topic.settings().retention_age().nanos(), 500000000);
  EXPECT_EQ(topic.settings().slow_reader(), v1::SLOW_READER_DISCONNECT);
  EXPECT_EQ(topic.settings().default_start(), v1::START_EARLIEST);
}

TEST_F(HttpTopicsTest, MakesANameThatIsAnotherEachTime) {
  Start();
  const Answer first = Post("topics");
  const Answer second = Post("topics", "{}");
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(second.status, 201);
  const std::string name = first.body["topic"];
  EXPECT_EQ(name.size(), 26u);
  EXPECT_NE(name, second.body["topic"]);
  EXPECT_EQ(first.body["events_url"],
            absl::StrCat("/v1/topics/", name, "/events"));
  EXPECT_EQ(Post(absl::StrCat("topics/", name, "/events"), "x").status, 200);
}

TEST_F(HttpTopicsTest, MakesATopicOnceUnlessAnEndedOneIsReplaced) {
  Start();
  EXPECT_EQ(Post("topics", R"({"topic":"t"})").status, 201);
  const Answer again = Post("topics", R"({"topic":"t","replaceEnded":true})");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.body["error"]["code"], "ALREADY_EXISTS");
  Publish("t", {"old"}, true);
  EXPECT_EQ(Post("topics", R"({"topic":"t"})").status, 409);
  EXPECT_EQ(Post("topics", R"({"topic":"t","replaceEnded":true})").status, 201);
  EXPECT_EQ(Texts("t"), std::vector<std::string>{});
  EXPECT_EQ(Describe("t").state(), v1::TOPIC_STATE_OPEN);
}

TEST_F(HttpTopicsTest, BeyondMaxTopicsIs429) {
  config_.max_topics = 1;
  Start();
  EXPECT_EQ(Post("topics").status, 201);
  const Answer second = Post("topics");
  EXPECT_EQ(second.status, 429);
  EXPECT_EQ(second.body["error"]["code"], "RESOURCE_EXHAUSTED");
  EXPECT_THAT(std::string(second.body["error"]["message"]),
              HasSubstr("max_topics"));
}

TEST_F(HttpTopicsTest, EndsATopicAndAgainInTheSameWay) {
  Start();
  Publish("t", {"a"}, false);
  const std::string failed = R"({"error":{"code":"DATA_LOSS","message":"m"}})";
  const Answer ended = Post("topics/t/end", failed);
  EXPECT_EQ(ended.status, 200);
  EXPECT_EQ(ended.body["cursor"], Describe("t").last_cursor());
  EXPECT_EQ(Describe("t").error().code(), 15);
  EXPECT_EQ(Describe("t").error().message(), "m");

  const Answer again =
      Post("topics/t/end", R"({"error":{"code":15,"message":"m"}})");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, ended.body);
  const Answer otherwise = Post("topics/t/end");
  EXPECT_EQ(otherwise.status, 409);
  EXPECT_EQ(otherwise.body["error"]["code"], "FAILED_PRECONDITION");
}

TEST_F(HttpTopicsTest,
       ATopicThatIsNotThereOrDeletedCanBeNeitherEndedNorDeleted) {
  Start();
  EXPECT_EQ(Post("topics/t/end").status, 404);
  EXPECT_EQ(Send("DELETE", "topics/t").status, 404);
  Publish("t", {"a"}, false);
  const Answer deleted = Send("DELETE", "topics/t");
  EXPECT_EQ(deleted.status, 204);
  EXPECT_THAT(deleted.head, testing::Not(HasSubstr("Content-Length")));
  EXPECT_EQ(Send("DELETE", "topics/t").status, 404);
  const Answer end = Post("topics/t/end");
  EXPECT_EQ(end.status, 404);
  EXPECT_EQ(end.body["error"]["code"], "NOT_FOUND");
  EXPECT_EQ(Post("topics/t/events", "x").status, 409);
}

TEST_F(HttpTopicsTest, ATopicThatOnlyReadersHoldCanBeMadeEndedAndDeleted) {
  Start();
  for (const char* change : {"make", "end", "delete"}) {
    RawClient reader(bridge_->http_port());
    reader.Send(GetTopic(change));
    ASSERT_TRUE(reader.ReadUntil(": sluice\n"));
    if (change == std::string("make")) {
      EXPECT_EQ(Post("topics", R"({"topic":"make"})").status, 201);
      continue;
    }
    if (change == std::string("end")) {
      EXPECT_EQ(Post("topics/end/end").status, 200);
    } else {
      EXPECT_EQ(Send("DELETE", "topics/delete").status, 204);
    }
    EXPECT_THAT(reader.ReadToEnd(), HasSubstr("data: [DONE]"));
  }
}

TEST_F(HttpTopicsTest, PublishesJsonOnOneLine) {
  Start();
  for (const char* type :
       {"application/json", "Application/JSON ; charset=utf-8",
        "application/cloudevents+json", "application/vnd.x+JSON;v=1"}) {
    EXPECT_EQ(Post("topics/t/events", "{ \"a\":\r\n [1.0, \"x y\"] }\n",
                   absl::StrCat("Content-Type: ", type, "\r\n"))
                  .status,
              200);
  }
  for (const char* type :
       {"text/plain", "application/jsonl", "+json", "json"}) {
    EXPECT_EQ(Post("topics/t/events", "{ }",
                   absl::StrCat("Content-Type: ", type, "\r\n"))
                  .status,
              200);
  }
  const Json events = History("t").body["events"];
  ASSERT_EQ(events.size(), 8u);
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(events[i]["json"], i < 4);
    EXPECT_EQ(events[i]["data"], i < 4 ? R"({"a":[1.0,"x y"]})" : "{ }");
  }
  const Answer bad =
      Post("topics/t/events", "{'a':1}", "Content-Type: application/json\r\n");
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(bad.body["error"]["message"],
            "the body: is not JSON, as its byte 1 shows");
}

TEST_F(HttpTopicsTest, HistoryIsReadAPageAtATime) {
  Start();
  EXPECT_EQ(History("t").status, 404);
  Publish("t", {"1", "2", "3", "4", "5"}, false);
  const Json first = History("t", "limit=2").body;
  EXPECT_EQ(first["topic"], "t");
  ASSERT_EQ(first["events"].size(), 2u);
  EXPECT_EQ(first["events"][1]["data"], "2");
  EXPECT_EQ(first["cursor"], first["events"][1]["cursor"]);
  EXPECT_EQ(first["ended"], false);
  EXPECT_EQ(first["gap"], nullptr);
  const std::string cursor = first["cursor"];
  const Json rest = History("t", absl::StrCat("after=", cursor)).body;
  ASSERT_EQ(rest["events"].size(), 3u);
  EXPECT_EQ(rest["events"][0]["data"], "3");
  const Json last = History("t", "last=1").body;
  ASSERT_EQ(last["events"].size(), 1u);
  EXPECT_EQ(last["events"][0]["data"], "5");
  EXPECT_EQ(last["cursor"], rest["cursor"]);
}

TEST_F(HttpTopicsTest, HistoryTellsTheEndAndItsErrorOnTheLastPage) {
  Start();
  Publish("t", {"1", "2"}, false);
  EXPECT_EQ(
      Post("topics/t/end", R"({"error":{"code":3,"message":"m"}})").status,
      200);
  const Json first = History("t", "limit=1").body;
  EXPECT_EQ(first["ended"], false);
  EXPECT_EQ(first["error"], nullptr);
  const Json all = History("t").body;
  EXPECT_EQ(all["ended"], true);
  EXPECT_EQ(all["error"],
            Json({{"code", "INVALID_ARGUMENT"}, {"message", "m"}}));
  EXPECT_EQ(all["cursor"], Describe("t").last_cursor());
  EXPECT_EQ(Send("DELETE", "topics/t").status, 204);
  const Json deleted = History("t").body;
  EXPECT_EQ(deleted["ended"], true);
  EXPECT_EQ(deleted["events"], Json::array());
}

TEST_F(HttpTopicsTest, HistoryTellsWhatIsLost) {
  config_.retention_events = 2;
  Start();
  Publish("t", {"1"}, false);
  const std::string cursor = History("t").body["cursor"];
  Publish("t", {"2", "3", "4"}, false);
  const Json trimmed = History("t", absl::StrCat("after=", cursor)).body;
  EXPECT_EQ(trimmed["gap"]["requested"], cursor);
  EXPECT_EQ(trimmed["gap"]["reason"], "trimmed");
  EXPECT_EQ(trimmed["gap"]["topics"], Json({"t"}));
  EXPECT_EQ(trimmed["events"][0]["data"], "3");
  for (const char* odd : {"nobody's", "%00", "-1", "aaaaaaaaaaaaa-1"})
    EXPECT_EQ(History("t", absl::StrCat("after=", odd)).body["events"].size(),
              2u)
        << odd;
  EXPECT_EQ(History("t", "after=nobody").body["gap"]["reason"], "unknown_id");
  EXPECT_EQ(History("t", "after=aaaaaaaaaaaaa-1").body["gap"]["reason"],
            "epoch_changed");
}

TEST_F(HttpTopicsTest, ChangesAreOffByDefaultButForStop) {
  config_.http_publish = false;
  Start();
  Publish("t", {"a"}, false);
  EXPECT_EQ(Post("topics").status, 403);
  EXPECT_EQ(Post("topics/t/end").status, 403);
  EXPECT_EQ(Send("DELETE", "topics/t").status, 403);
  EXPECT_EQ(Post("topics/t/stop").status, 409);
  EXPECT_EQ(History("t").status, 200);
}

TEST_F(HttpTopicsTest, StopReachesThoseWhoListen) {
  Start();
  EXPECT_EQ(Post("topics/t/stop").status, 409);
  grpc::ClientContext context;
  const auto stub = v1::PublisherService::NewStub(channel_);
  const auto call = stub->PublishWithFeedback(&context);
  v1::PublishWithFeedbackRequest request;
  request.set_topic("t");
  request.add_events()->set_text("a");
  call->Write(request);
  v1::PublishWithFeedbackResponse response;
  while (!response.has_ack()) ASSERT_TRUE(call->Read(&response));
  const Answer asked = Post("topics/t/stop", R"({"reason":"seen enough"})");
  EXPECT_EQ(asked.status, 202);
  EXPECT_EQ(asked.body, Json({{"producers", 1}}));
  while (!response.has_stop()) ASSERT_TRUE(call->Read(&response));
  EXPECT_EQ(response.stop().topic(), "t");
  EXPECT_EQ(response.stop().reason(), "seen enough");
  call->WritesDone();
  while (call->Read(&response)) {
  }
  EXPECT_TRUE(call->Finish().ok());
  EXPECT_EQ(Post("topics/t/stop").status, 409);
}

TEST_F(HttpTopicsTest, OtherMethodsAreToldWhichThereAre) {
  Start();
  const struct {
    const char* method;
    const char* target;
    const char* allow;
  } kRows[] = {
      {"GET", "topics", "POST, OPTIONS"},
      {"DELETE", "topics", "POST, OPTIONS"},
      {"GET", "topics/t", "DELETE, OPTIONS"},
      {"POST", "topics/t", "DELETE, OPTIONS"},
      {"GET", "topics/t/end", "POST, OPTIONS"},
      {"DELETE", "topics/t/stop", "POST, OPTIONS"},
      {"POST", "topics/t/history", "GET, HEAD, OPTIONS"},
      {"DELETE", "topics/t/events", "GET, HEAD, POST, OPTIONS"},
      {"PUT", "topics/t/events", "GET, HEAD, POST, OPTIONS"},
  };
  for (const auto& row : kRows) {
    const Answer answer = Send(row.method, row.target);
    EXPECT_EQ(answer.status, 405) << row.method << row.target;
    EXPECT_THAT(answer.head,
                HasSubstr(absl::StrCat("\r\nAllow: ", row.allow, "\r\n")));
  }
  EXPECT_EQ(Post("topics/t/nothing").status, 404);
  EXPECT_EQ(Post("topics/t/end/more").status, 404);
}

}  // namespace
}  // namespace sluice
