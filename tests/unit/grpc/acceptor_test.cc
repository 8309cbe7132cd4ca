#include "bridge/grpc/acceptor.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "bridge/grpc/listening_sockets.h"
#include "tests/unit/grpc/server_fixture.h"

namespace sluice {
namespace {

using testing::HasSubstr;

// A connection that says nothing: gRPC speaks first.
class Client {
 public:
  explicit Client(int port) : Client() { Connect(port); }
  Client() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {}
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Connect(int port) const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address),
                      sizeof(address)),
              0);
  }

  // Blocks until it is greeted, or closed without a word.
  bool IsServed() const {
    char byte;
    return recv(fd_, &byte, 1, MSG_PEEK) == 1;
  }

 private:
  const int fd_;
};

class GrpcAcceptorTest : public ServerTest {
 protected:
  void SetUp() override {
    options_.max_connections = 3;
    ServerTest::SetUp();
  }

  std::unique_ptr<Client> NewClient() const {
    return std::make_unique<Client>(server_->port());
  }
};

TEST_F(GrpcAcceptorTest, MoreConnectionsThanTheLimitAreClosedAtOnce) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(NewClient());
    EXPECT_TRUE(clients.back()->IsServed());
  }
  testing::internal::CaptureStderr();
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(NewClient()->IsServed());
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_THAT(log,
              HasSubstr("gRPC connections refused max_grpc_connections=3"));
}

TEST_F(GrpcAcceptorTest, ConnectionsThatLeftMakeRoom) {
  for (int round = 0; round < 3; ++round) {
    std::vector<std::unique_ptr<Client>> clients;
    while (clients.size() < 3) {
      auto client = NewClient();
      // Those of the round before leave gRPC when it sees them close.
      if (client->IsServed()) clients.push_back(std::move(client));
    }
    EXPECT_FALSE(NewClient()->IsServed());
  }
}

// While it lives no descriptor is left, and it reads what is logged.
class NoDescriptorLeft {
 public:
  NoDescriptorLeft() {
    EXPECT_EQ(pipe(pipe_), 0);
    stderr_ = dup(STDERR_FILENO);
    dup2(pipe_[1], STDERR_FILENO);
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(dup(STDERR_FILENO));
    close(static_cast<int>(none.rlim_cur));
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptorLeft() {
    setrlimit(RLIMIT_NOFILE, &before_);
    dup2(stderr_, STDERR_FILENO);
    for (const int fd : {pipe_[0], pipe_[1], stderr_}) close(fd);
  }

  // Blocks until `text` has been logged, maybe behind what gRPC logs.
  void WaitForLog(absl::string_view text) const {
    std::string log;
    char some[1000];
    while (!absl::StrContains(log, text)) {
      const ssize_t length = read(pipe_[0], some, sizeof(some));
      ASSERT_GT(length, 0);
      log.append(some, static_cast<size_t>(length));
    }
  }

 private:
  int pipe_[2];
  int stderr_;
  rlimit before_{};
};

TEST_F(GrpcAcceptorTest, WithoutDescriptorsItPausesAndGoesOnByItself) {
  // Stays, so that no descriptor becomes free.
  const auto served = NewClient();
  EXPECT_TRUE(served->IsServed());
  const Client waiting;
  {
    const NoDescriptorLeft none;
    waiting.Connect(server_->port());
    none.WaitForLog("accepting gRPC connections paused");
  }
  EXPECT_TRUE(waiting.IsServed());
  EXPECT_TRUE(NewClient()->IsServed());
}

TEST(ListenOnAll, ListensOnEveryAddressOfTheNameAndOnOnePort) {
  for (const char* address : {"localhost:0", "127.0.0.1:0", ":0"}) {
    const auto listening = ListenOnAll(address, absl::Seconds(10));
    ASSERT_TRUE(listening.ok()) << listening.status();
    for (const int fd : *listening) {
      EXPECT_EQ(PortOf(fd), PortOf(listening->front())) << address;
    }
    // IPv4 is served in each case.
    const Client client(PortOf(listening->front()));
    for (const int fd : *listening) close(fd);
  }
}

TEST(ListenOnAll, AnAddressThatIsNotThereIsNamed) {
  for (const char* address :
       {"192.0.2.1:0", "no.such.host.invalid:0", "127.0.0.1:port", "x"}) {
    const auto listening = ListenOnAll(address, absl::Seconds(10));
    EXPECT_EQ(listening.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(listening.status().message()), HasSubstr(address));
  }
}

}  // namespace
}  // namespace sluice
