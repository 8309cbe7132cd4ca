#include "clients/cli/output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace sluice {
namespace {

using ::testing::HasSubstr;

// More than a pipe holds.
constexpr std::size_t kMuch = std::size_t{1} << 20;

class OutputTest : public ::testing::Test {
 protected:
  OutputTest() {
    signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(pipe(ends_), 0);
  }
  ~OutputTest() override {
    CloseReader();
    close(ends_[1]);
  }

  void CloseReader() {
    if (ends_[0] >= 0) close(ends_[0]);
    ends_[0] = -1;
  }

  std::string Read(std::size_t bytes) const {
    std::string all(bytes, '\0');
    std::size_t have = 0;
    while (have < bytes) {
      const auto count = read(ends_[0], &all[have], bytes - have);
      if (count <= 0) break;
      have += static_cast<std::size_t>(count);
    }
    all.resize(have);
    return all;
  }

  int ends_[2];
  Interrupt interrupt_;
};

TEST_F(OutputTest, AllThatWaitsIsWrittenOnce) {
  Output output(ends_[1], interrupt_);
  output.text() = std::string(kMuch, 'x');
  std::string read;
  std::thread reader([&] { read = Read(kMuch + 1); });
  EXPECT_TRUE(output.Flush().ok());
  output.text() += "y";
  EXPECT_TRUE(output.Flush().ok());
  reader.join();
  EXPECT_TRUE(read == std::string(kMuch, 'x') + "y");
}

TEST_F(OutputTest, ADescriptorThatDoesNotBlockIsWaitedFor) {
  ASSERT_EQ(fcntl(ends_[1], F_SETFL, O_NONBLOCK), 0);
  Output output(ends_[1], interrupt_);
  output.text() = std::string(kMuch, 'x');
  std::string read;
  std::thread reader([&] { read = Read(kMuch); });
  EXPECT_TRUE(output.Flush().ok());
  reader.join();
  EXPECT_EQ(read.size(), kMuch);
}

TEST_F(OutputTest, CtrlCEndsAWriteThatNobodyReads) {
  Output output(ends_[1], interrupt_);
  output.text() = std::string(kMuch, 'x');
  std::thread raiser([&] { interrupt_.Raise(); });
  EXPECT_TRUE(absl::IsCancelled(output.Flush()));
  raiser.join();
}

TEST_F(OutputTest, AReaderThatIsGoneIsSeenWithAndWithoutAWrite) {
  Output output(ends_[1], interrupt_);
  EXPECT_FALSE(output.closed());
  CloseReader();
  EXPECT_TRUE(output.closed());
  output.text() = "x";
  EXPECT_TRUE(absl::IsCancelled(output.Flush()));
}

TEST_F(OutputTest, WhatCannotBeWrittenIsASentence) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  Output output(full, interrupt_);
  EXPECT_FALSE(output.closed());
  output.text() = "x";
  EXPECT_THAT(std::string(output.Flush().message()),
              HasSubstr("can't write to standard output"));
  close(full);
}

}  // namespace
}  // namespace sluice
