#include "clients/cli/event_maker.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(EventMakerTest, ALineBecomesATextWithTypeAndId) {
  EventMaker maker({"tick", "id-1", false, true});
  const auto event = maker.Make("plain");
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->type(), "tick");
  EXPECT_EQ(event->id(), "id-1");
  EXPECT_EQ(event->text(), "plain");
  EXPECT_FALSE(maker.cleaned());
}

TEST(EventMakerTest, AnEmptyLineIsAnEventWithAnEmptyText) {
  const auto event = EventMaker({}).Make("");
  ASSERT_TRUE(event.ok());
  EXPECT_TRUE(event->has_text());
}

TEST(EventMakerTest, BytesThatAreNotUtf8AreReplacedAndRemembered) {
  EventMaker maker({});
  EXPECT_EQ(maker.Make("caf\xE9")->text(), "caf\uFFFD");
  EXPECT_EQ(maker.Make("fine")->text(), "fine");
  EXPECT_TRUE(maker.cleaned());
}

TEST(EventMakerTest, JsonOfEveryKindIsTaken) {
  EventMaker maker({"", "", true, false});
  EXPECT_TRUE(maker.Make("null")->json().has_null_value());
  EXPECT_EQ(maker.Make("1.5")->json().number_value(), 1.5);
  EXPECT_EQ(maker.Make("\"[DONE]\"")->json().string_value(), "[DONE]");
  EXPECT_EQ(maker.Make("[1,2]")->json().list_value().values_size(), 2);
  EXPECT_EQ(maker.Make("{\"a\":{}}")->json().struct_value().fields_size(), 1);
}

TEST(EventMakerTest, ALineThatIsNotJsonIsNamedByItsNumber) {
  EventMaker maker({"", "", true, false});
  ASSERT_TRUE(maker.Make("{}").ok());
  EXPECT_EQ(maker.Make("nonsense").status().message(),
            "line 2 is not JSON: Unexpected token");
  EXPECT_EQ(EventMaker({"", "", true, true}).Make("").status().message(),
            "the input is not JSON: Unexpected end of string. Expected a "
            "value");
}

}  // namespace
}  // namespace sluice
