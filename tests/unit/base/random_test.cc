#include "bridge/base/random.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sluice {
namespace {

TEST(RandomNameTest, Is26CharactersOfBase32AndNeverComesTwice) {
  std::set<std::string> names;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = RandomName();
    EXPECT_EQ(name.size(), 26u);
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567"),
              std::string::npos)
        << name;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

}  // namespace
}  // namespace sluice
