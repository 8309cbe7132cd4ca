#include "bridge/net/listener.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"

namespace sluice {
namespace {

using testing::HasSubstr;

Fd Connect(uint16_t port) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                    sizeof(address)),
            0);
  return fd;
}

TEST(ListenerTest, AFreePortIsOneForAllSockets) {
  const auto listening = Listen("127.0.0.1", 0, 2);
  ASSERT_TRUE(listening.ok()) << listening.status();
  ASSERT_EQ(listening->size(), 2u);
  EXPECT_NE(LocalPort(listening->front()), 0);
  EXPECT_EQ(LocalPort(listening->front()), LocalPort(listening->back()));
}

TEST(ListenerTest, ASecondListenerOnAPortFailsAndNamesTheAddress) {
  for (int count : {1, 2}) {
    const auto first = Listen("127.0.0.1", 0, count);
    ASSERT_TRUE(first.ok()) << first.status();
    const uint16_t port = LocalPort(first->front());
    for (int others : {1, 2}) {
      const auto second = Listen("127.0.0.1", port, others);
      EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
      EXPECT_THAT(std::string(second.status().message()),
                  HasSubstr(absl::StrCat("127.0.0.1:", port)));
    }
  }
}

TEST(ListenerTest, APortIsFreeAgainWhenItsSocketsAreGone) {
  uint16_t port = 0;
  {
    const auto first = Listen("127.0.0.1", 0, 2);
    ASSERT_TRUE(first.ok());
    port = LocalPort(first->front());
  }
  EXPECT_TRUE(Listen("127.0.0.1", port, 2).ok());
}

TEST(ListenerTest, AHostThatIsNoneIsAFailedPrecondition) {
  EXPECT_EQ(Listen("not an address", 0, 1).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(ListenerTest, AHostOfAnotherMachineIsRefusedByName) {
  // 192.0.2.0/24 is for documentation (RFC 5737).
  const auto listening = Listen("192.0.2.1", 0, 1);
  ASSERT_FALSE(listening.ok());
  EXPECT_THAT(std::string(listening.status().message()),
              HasSubstr("192.0.2.1"));
}

TEST(ListenerTest, AnAcceptorTakesAllThatConnected) {
  auto loop = EventLoop::Create();
  ASSERT_TRUE(loop.ok());
  auto listening = Listen("127.0.0.1", 0, 1);
  ASSERT_TRUE(listening.ok());
  const uint16_t port = LocalPort(listening->front());
  constexpr size_t kClients = 300;  // more than one turn takes
  std::vector<Fd> clients;
  for (size_t i = 0; i < kClients; ++i) clients.push_back(Connect(port));
  std::vector<Socket> accepted;
  Acceptor acceptor(**loop, std::move(listening->front()), [&](Socket socket) {
    accepted.push_back(std::move(socket));
    if (accepted.size() == kClients) (*loop)->Stop();
  });
  ASSERT_TRUE(acceptor.Start().ok());
  (*loop)->Run([] { return false; });
  EXPECT_EQ(accepted.size(), kClients);
}

// While it is there, the process cannot open a descriptor.
class NoDescriptorsLeft {
 public:
  NoDescriptorsLeft() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(dup(STDERR_FILENO));
    close(static_cast<int>(none.rlim_cur));
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptorsLeft() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(ListenerTest, WithoutDescriptorsItSaysSoOnceAndGoesOnByItself) {
  auto loop = EventLoop::Create();
  ASSERT_TRUE(loop.ok());
  auto listening = Listen("127.0.0.1", 0, 1);
  ASSERT_TRUE(listening.ok());
  const uint16_t port = LocalPort(listening->front());
  constexpr size_t kBefore = 300;  // more than one turn takes
  constexpr size_t kClients = 320;
  std::vector<Fd> clients;
  for (size_t i = 0; i < kBefore; ++i) clients.push_back(Connect(port));
  std::vector<Socket> accepted;
  Acceptor acceptor(**loop, std::move(listening->front()), [&](Socket socket) {
    accepted.push_back(std::move(socket));
    if (accepted.size() == kClients) (*loop)->Stop();
  });
  ASSERT_TRUE(acceptor.Start().ok());
  // The sanitizers look once at each kind of timer that is armed, and cannot do
  // so without descriptors. The base is private, which only this cast passes.
  (*loop)->timers().Arm((Timer&)acceptor, (*loop)->now_ms());
  testing::internal::CaptureStderr();
  absl::optional<NoDescriptorsLeft> none;
  int turns = 0;
  (*loop)->Run([&] {
    if (clients.size() == kBefore && accepted.size() == kBefore) {
      while (clients.size() < kClients) clients.push_back(Connect(port));
      none.emplace();
    } else if (none && ++turns == 5) {
      none.reset();
    }
    return false;
  });
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(accepted.size(), kClients);
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_THAT(log, HasSubstr("WARNING accepting paused"));
}

}  // namespace
}  // namespace sluice
