#include "bridge/event/event_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

TEST(EventId, IsShortVisibleAscii) {
  EXPECT_TRUE(CheckEventId("a").ok());
  EXPECT_TRUE(CheckEventId("A0._~+/=-").ok());
  EXPECT_TRUE(CheckEventId(std::string(128, 'x')).ok());
  for (const std::string& id :
       {std::string(), std::string(129, 'x'), std::string("a b"),
        std::string("a\n"), std::string("a\0", 2), std::string("é"),
        std::string("a,b"), std::string("<a>")}) {
    EXPECT_FALSE(CheckEventId(id).ok()) << id;
  }
}

TEST(EventId, IsNotShapedLikeACursor) {
  EXPECT_FALSE(CheckEventId("abcdefg234567-12").ok());
  EXPECT_FALSE(CheckEventId("abcdefg234567-99999999999999999999999").ok());
  EXPECT_TRUE(CheckEventId("abcdefg234567-012").ok());
}

TEST(EventType, HasNoControlsAndIsNotTheServers) {
  EXPECT_TRUE(CheckEventType("").ok());
  EXPECT_TRUE(CheckEventType("error").ok());
  EXPECT_TRUE(CheckEventType(" größe ").ok());
  EXPECT_TRUE(CheckEventType(std::string(128, 'x')).ok());
  for (const std::string& type :
       {std::string("open"), std::string("sluice.gap"), std::string("a\nb"),
        std::string("a\x7f"), std::string("a\xC2\x85"), std::string("\xFF"),
        std::string("a\0b", 3), std::string(129, 'x')}) {
    EXPECT_FALSE(CheckEventType(type).ok()) << type;
  }
}

TEST(Text, IsUtf8WithoutNulAndNotTheEndMarker) {
  EXPECT_TRUE(CheckText("").ok());
  EXPECT_TRUE(CheckText("a\r\nb\x01").ok());
  EXPECT_TRUE(CheckText("[DONE] ").ok());
  EXPECT_FALSE(CheckText("[DONE]").ok());
  EXPECT_FALSE(CheckText(std::string("a\0b", 3)).ok());
  EXPECT_FALSE(CheckText("\xED\xA0\x80").ok());
}

TEST(Retry, IsNeitherAHotLoopNorForEver) {
  EXPECT_TRUE(CheckRetry(absl::Milliseconds(100)).ok());
  EXPECT_TRUE(CheckRetry(absl::Hours(24)).ok());
  for (absl::Duration retry :
       {absl::ZeroDuration(), absl::Milliseconds(99), -absl::Seconds(1),
        absl::Hours(24) + absl::Nanoseconds(1)}) {
    EXPECT_FALSE(CheckRetry(retry).ok());
  }
}

TEST(FailureCode, IsAnErrorOfGrpc) {
  EXPECT_TRUE(CheckFailureCode(1).ok());
  EXPECT_TRUE(CheckFailureCode(16).ok());
  EXPECT_FALSE(CheckFailureCode(0).ok());
  EXPECT_FALSE(CheckFailureCode(17).ok());
  EXPECT_FALSE(CheckFailureCode(-1).ok());
}

TEST(LineBreaks, AllBecomeLf) {
  EXPECT_EQ(NormalizeLineBreaks("a\rb\r\nc\n\rd\r"), "a\nb\nc\n\nd\n");
  EXPECT_EQ(NormalizeLineBreaks("plain\n"), "plain\n");
  EXPECT_EQ(NormalizeLineBreaks(""), "");
}

}  // namespace
}  // namespace sluice
