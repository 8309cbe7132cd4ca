#include "bridge/base/utf8.h"

#include <string>

#include "gtest/gtest.h"

namespace sluice {
namespace {

struct Utf8Case {
  const char* what;
  std::string text;
};

const Utf8Case kWellFormed[] = {
    {"empty", ""},
    {"ASCII", "abc"},
    {"NUL", std::string(1, '\0')},
    {"U+007F", "\x7f"},
    {"U+0080", "\xc2\x80"},
    {"U+07FF", "\xdf\xbf"},
    {"U+0800", "\xe0\xa0\x80"},
    {"U+D7FF, the last before the surrogates", "\xed\x9f\xbf"},
    {"U+E000, the first after the surrogates", "\xee\x80\x80"},
    {"U+FEFF", "\xef\xbb\xbf"},
    {"U+FFFF", "\xef\xbf\xbf"},
    {"U+10000", "\xf0\x90\x80\x80"},
    {"U+10FFFF", "\xf4\x8f\xbf\xbf"},
};

const Utf8Case kIllFormed[] = {
    {"a continuation alone", "\x80"},
    {"the last continuation alone", "\xbf"},
    {"U+0000 in two bytes", std::string("\xc0\x80")},
    {"U+007F in two bytes", "\xc1\xbf"},
    {"U+07FF in three bytes", "\xe0\x9f\xbf"},
    {"U+FFFF in four bytes", "\xf0\x8f\xbf\xbf"},
    {"U+D800", "\xed\xa0\x80"},
    {"U+DFFF", "\xed\xbf\xbf"},
    {"U+110000", "\xf4\x90\x80\x80"},
    {"lead F5", "\xf5\x80\x80\x80"},
    {"FE", "\xfe"},
    {"FF", "\xff"},
    {"two bytes cut", "\xc2"},
    {"three bytes cut after one", "\xe2"},
    {"three bytes cut after two", "\xe2\x82"},
    {"four bytes cut after three", "\xf0\x9f\x98"},
    {"a lead before ASCII",
     "\xc2"
     "a"},
    {"a third byte that is none",
     "\xe2\x82"
     "a"},
    {"a fourth byte that is none", "\xf0\x9f\x98\xc0"},
    {"one continuation too many", "\xc2\x80\x80"},
};

TEST(IsValidUtf8, TakesWhatIsWellFormed) {
  for (const Utf8Case& c : kWellFormed) {
    EXPECT_TRUE(IsValidUtf8(c.text)) << c.what;
  }
}

TEST(IsValidUtf8, RefusesWhatIsIllFormed) {
  for (const Utf8Case& c : kIllFormed) {
    EXPECT_FALSE(IsValidUtf8(c.text)) << c.what;
  }
}

TEST(IsValidUtf8, WhereInALongTextASequenceStandsMakesNoDifference) {
  for (size_t before = 0; before <= 17; ++before) {
    for (size_t after = 0; after <= 9; ++after) {
      const auto framed = [&](const std::string& text) {
        return std::string(before, 'x') + text + std::string(after, 'y');
      };
      for (const Utf8Case& c : kWellFormed) {
        EXPECT_TRUE(IsValidUtf8(framed(c.text))) << c.what << " " << before;
      }
      for (const Utf8Case& c : kIllFormed) {
        EXPECT_FALSE(IsValidUtf8(framed(c.text))) << c.what << " " << before;
      }
    }
  }
}

}  // namespace
}  // namespace sluice
