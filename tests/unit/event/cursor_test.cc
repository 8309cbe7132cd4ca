#include "bridge/event/cursor.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr char kEpoch[] = "abcdefg234567";

TEST(Cursor, ReadsBackWhatItWrites) {
  const Epoch epoch = Epoch::Random();
  for (Offset offset : {Offset{0}, Offset{1}, Offset{1} << 40, ~Offset{0}}) {
    const std::string text = Cursor{epoch, offset}.ToString();
    EXPECT_LE(text.size(), kMaxCursorBytes);
    const auto parsed = Cursor::Parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->offset, offset);
    EXPECT_EQ(parsed->epoch, epoch);
  }
}

TEST(Cursor, EveryLifeOfALogHasAnEpochOfItsOwn) {
  EXPECT_NE(Epoch::Random(), Epoch::Random());
}

TEST(Cursor, PassesOverWhatAStoreAddsBehindTheOffset) {
  const auto parsed = Cursor::Parse("abcdefg234567-12.7");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->offset, 12u);
  EXPECT_EQ(parsed->epoch.text(), kEpoch);
}

TEST(Cursor, TakesNothingOfAnotherShape) {
  for (const char* text :
       {"", "7", "abcdefg234567", "abcdefg234567-", "abcdefg234567-01",
        "abcdefg234567-+1", "abcdefg234567--1", "abcdefg234567- 1",
        "abcdefg234567-1.", "abcdefg234567-1.x", "abcdefg234567-.1",
        "abcdefg234567-1e3", "abcdefg234567-0x1", "ABCDEFG234567-1",
        "abcdefg234561-1", "abcdefg23456-1", "abcdefg2345677-1",
        "abcdefg234567_1"}) {
    EXPECT_FALSE(Cursor::Parse(text)) << text;
    EXPECT_FALSE(HasCursorShape(text)) << text;
  }
}

TEST(Cursor, AnOffsetBeyond64BitsHasTheShapeButIsNoPlace) {
  for (const char* text : {"abcdefg234567-18446744073709551616",
                           "abcdefg234567-99999999999999999999999999"}) {
    EXPECT_FALSE(Cursor::Parse(text)) << text;
    EXPECT_TRUE(HasCursorShape(text)) << text;
  }
}

}  // namespace
}  // namespace sluice
