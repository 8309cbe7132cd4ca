#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "bridge/config/config_file.h"

namespace sluice {

// A settings file of the test's own.
class ConfigFileTest : public ::testing::Test {
 protected:
  absl::Status Read(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    config_ = Config();
    return ReadConfigFile(path_, config_);
  }

  // The refusal, without the path that it must start with.
  std::string Refusal(const std::string& text) {
    const absl::Status status = Read(text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    const std::string message(status.message());
    EXPECT_THAT(message, ::testing::StartsWith(path_));
    return message.substr(std::min(path_.size(), message.size()));
  }

  // Tests may run at the same time.
  static std::string NewPath() {
    const auto& test = *::testing::UnitTest::GetInstance()->current_test_info();
    return absl::StrCat(::testing::TempDir(), test.test_suite_name(), ".",
                        test.name(), ".yaml");
  }

  const std::string path_ = NewPath();
  Config config_;
};

}  // namespace sluice
