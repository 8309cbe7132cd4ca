#include "bridge/config/help_text.h"

#include <fstream>
#include <sstream>
#include <string>

#include "bridge/config/options.h"
#include "bridge/config/rule_options.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

TEST(HelpText, EveryOptionIsThereWithDefaultAndBounds) {
  const std::string help = HelpText();
  for (const Option& option : Options()) {
    EXPECT_THAT(help, HasSubstr(std::string(option.name)));
    EXPECT_THAT(help, HasSubstr(std::string(option.sentence)));
  }
  EXPECT_THAT(help, HasSubstr("  --heartbeat=DURATION\n"));
  EXPECT_THAT(help, HasSubstr("Default 15s; 1s to 1m.\n"));
  EXPECT_THAT(help, HasSubstr("  --[no]insecure\n"));
  EXPECT_THAT(help, HasSubstr("Default none; a path.\n"));
  EXPECT_THAT(help, HasSubstr("  topics, in the file only\n"));
}

TEST(HelpText, EveryKeyOfARuleIsThereWithItsBounds) {
  const std::string help = HelpText();
  for (const RuleOption& option : RuleOptions())
    EXPECT_THAT(help, HasSubstr(std::string(option.sentence)));
  EXPECT_THAT(help, HasSubstr("\n  match: PATTERN\n"));
  EXPECT_THAT(help, HasSubstr("\n      Must be earliest or latest.\n"));
  EXPECT_THAT(help, HasSubstr("\n  coalesce: true or false\n"));
}

TEST(SettingsTable, ARowHasNameDefaultBoundsAndSentence) {
  EXPECT_THAT(SettingsTable(),
              HasSubstr("\n| `max_event_bytes` | `1MiB` | 1 to 64MiB | The "
                        "largest event: payload, id and type. |\n"));
}

TEST(SettingsTable, TheKeysOfARuleHaveATableOfTheirOwn) {
  EXPECT_THAT(
      SettingsTable(),
      HasSubstr("\n| `retention_bytes` | 1 to 1024GiB | Bytes of events "
                "that a topic keeps. |\n"));
}

TEST(SettingsTable, TheReadmeHasTheTableOfTheProgram) {
  std::ifstream file(SLUICE_SOURCE_DIR "/README.md");
  ASSERT_TRUE(file) << "there is no README.md";
  std::stringstream readme;
  readme << file.rdbuf();
  const std::string text = readme.str();

  const std::string opening = "<!-- settings -->";
  const size_t begin = text.find(opening);
  const size_t end = text.find("<!-- /settings -->");
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  std::string table =
      text.substr(begin + opening.size(), end - begin - opening.size());
  table.erase(0, table.find_first_not_of('\n'));
  table.erase(table.find_last_not_of('\n') + 1);
  EXPECT_EQ(table + "\n", SettingsTable())
      << "sluice-bridge --help=markdown prints the table";
}

}  // namespace
}  // namespace sluice
