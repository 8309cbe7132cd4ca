#include "clients/cli/child_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>

namespace sluice {
namespace {

using ::testing::AnyOf;

std::unique_ptr<ChildCommand> Start(const std::string& command) {
  auto child = ChildCommand::Start(command, {"SLUICE_EVENTS=7"});
  EXPECT_TRUE(child.ok()) << child.status();
  return *std::move(child);
}

// All that it prints from now on.
std::string Output(ChildCommand& child) {
  std::string output;
  char buffer[100];
  while (child.fd() >= 0) output.append(buffer, child.Read(buffer, 100));
  return output;
}

void WaitForExit(const ChildCommand& child) {
  while (!child.HasExited()) std::this_thread::yield();
}

TEST(ChildCommandTest, ItsOutputIsReadToTheEnd) {
  const auto child = Start("echo one; echo two");
  EXPECT_EQ(Output(*child), "one\ntwo\n");
  WaitForExit(*child);
  EXPECT_EQ(child->Failure(), "");
}

TEST(ChildCommandTest, AFailureSaysHowItEnded) {
  const auto failed = Start("exit 3");
  WaitForExit(*failed);
  EXPECT_EQ(failed->Failure(), "exited with 3");
  const auto killed = Start("kill -KILL $$");
  WaitForExit(*killed);
  EXPECT_EQ(killed->Failure(), "was ended by Killed");
}

TEST(ChildCommandTest, NoDescriptorButItsOwnThreeIsOpenInIt) {
  // Not close-on-exec.
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const auto child = Start("for fd in /proc/$$/fd/*; do echo ${fd##*/}; done");
  // One more may be what the shell lists them with.
  EXPECT_THAT(Output(*child), AnyOf("0\n1\n2\n", "0\n1\n2\n3\n"));
  close(ends[0]);
  close(ends[1]);
}

TEST(ChildCommandTest, ItReadsNothing) {
  EXPECT_EQ(Output(*Start("cat; echo over")), "over\n");
}

TEST(ChildCommandTest, AVariableWinsOverThatOfTheProcess) {
  setenv("SLUICE_EVENTS", "1", 1);
  EXPECT_EQ(Output(*Start("echo $SLUICE_EVENTS; env | grep -c SLUICE_EVENTS")),
            "7\n1\n");
  unsetenv("SLUICE_EVENTS");
}

TEST(ChildCommandTest, ABrokenPipeEndsIt) {
  signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(Output(*Start("trap '' TERM; (kill -PIPE $$; echo alive)&wait; "
                          "echo not seen")),
            "alive\n");
}

TEST(ChildCommandTest, ASignalReachesTheWholeGroup) {
  const auto child = Start("sleep 1000 & sleep 1000 & echo ready; wait");
  char buffer[100];
  EXPECT_EQ(child->Read(buffer, sizeof(buffer)), 6u);
  child->Signal(SIGTERM);
  // The sleeps hold the pipe, too.
  EXPECT_EQ(Output(*child), "");
  WaitForExit(*child);
  EXPECT_EQ(child->Failure(), "was ended by Terminated");
}

TEST(ChildCommandTest, NothingOfItOutlivesIt) {
  pid_t pid = 0;
  {
    const auto child = Start("trap '' TERM; echo $$; sleep 1000; sleep 1000");
    char buffer[100] = "";
    child->Read(buffer, sizeof(buffer));
    pid = atoi(buffer);
    child->Signal(SIGTERM);
    EXPECT_EQ(kill(pid, 0), 0);
  }
  EXPECT_EQ(kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
  // Not even a zombie.
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace sluice
