#include "clients/cli/topic_text.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

v1::Topic Failed() {
  v1::Topic topic;
  topic.set_name("build.42");
  topic.set_state(v1::TOPIC_STATE_FAILED);
  topic.mutable_error()->set_code(8);
  topic.mutable_error()->set_message("disk \"full\"");
  topic.set_events(1200);
  topic.set_bytes(1536);
  topic.set_subscribers(3);
  topic.set_producers(1);
  topic.set_last_cursor("e-9");
  topic.mutable_create_time()->set_seconds(1000);
  topic.mutable_end_time()->set_seconds(1001);
  topic.mutable_end_time()->set_nanos(500000000);
  return topic;
}

TEST(TopicTextTest, JsonHasAllThatIsKnownAndNullForTheRest) {
  EXPECT_EQ(TopicJson(Failed()),
            "{\"name\":\"build.42\",\"state\":\"failed\",\"error\":{\"code\":"
            "\"RESOURCE_EXHAUSTED\",\"message\":\"disk \\\"full\\\"\"},"
            "\"events\":1200,\"bytes\":1536,\"subscribers\":3,\"producers\":1,"
            "\"first_cursor\":null,\"last_cursor\":\"e-9\","
            "\"create_time\":\"1970-01-01T00:16:40Z\","
            "\"end_time\":\"1970-01-01T00:16:41.5Z\"}");
}

TEST(TopicTextTest, ATablesColumnsAreAsWideAsTheyMustBe) {
  v1::Topic open;
  open.set_name("a");
  open.set_state(v1::TOPIC_STATE_OPEN);
  open.set_bytes(7);
  open.mutable_create_time()->set_seconds(990);
  EXPECT_EQ(
      TopicTable({open, Failed()}, absl::FromUnixSeconds(1000 + 3 * 3600)),
      "NAME      STATE   EVENTS    BYTES  SUBSCRIBERS  PRODUCERS  AGE\n"
      "a         open         0      7 B            0          0   3h\n"
      "build.42  failed    1200  1.5 KiB            3          1   3h\n");
}

TEST(TopicTextTest, AnAgeIsInTheLargestUnitThereIsOneOf) {
  const auto age = [](int seconds) {
    v1::Topic topic;
    topic.mutable_create_time()->set_seconds(1000);
    const std::string table =
        TopicTable({topic}, absl::FromUnixSeconds(1000 + seconds));
    return table.substr(table.find_last_of(' ') + 1);
  };
  EXPECT_EQ(age(-5), "0s\n");
  EXPECT_EQ(age(59), "59s\n");
  EXPECT_EQ(age(60), "1m\n");
  EXPECT_EQ(age(7199), "1h\n");
  EXPECT_EQ(age(86400 * 40), "40d\n");
}

TEST(TopicTextTest, AnEventWithoutAnIdIsNamedByItsCursor) {
  v1::Delivery delivery;
  delivery.set_topic("t");
  delivery.set_cursor("e-1");
  delivery.mutable_event()->set_type("tick");
  delivery.mutable_event()->set_text("a\nb");
  EXPECT_EQ(DeliveryJson(delivery),
            "{\"topic\":\"t\",\"id\":\"e-1\",\"cursor\":\"e-1\","
            "\"type\":\"tick\",\"data\":\"a\\nb\",\"json\":false,"
            "\"time\":null}");
  delivery.mutable_event()->set_id("mine");
  EXPECT_NE(DeliveryJson(delivery).find("\"id\":\"mine\",\"cursor\":\"e-1\""),
            std::string::npos);
}

}  // namespace
}  // namespace sluice
