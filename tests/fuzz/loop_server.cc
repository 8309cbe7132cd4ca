#include "tests/fuzz/loop_server.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bridge/event/event_rules.h"
#include "bridge/store/memory_store.h"
#include "tests/fuzz/require.h"

namespace sluice {
namespace {

// Everything is small, so that every limit is near.
HttpOptions SmallOptions() {
  HttpOptions options;
  options.cors_origins = {"http://friend"};
  options.http_publish = true;
  options.demo = true;
  options.max_connections = LoopServer::kMaxConnections;
  options.max_event_bytes = LoopServer::kMaxEventBytes;
  options.request_memory = 2 * LoopServer::kMaxEventBytes;
  options.replay_memory = 256 << 10;
  return options;
}

MemoryStoreOptions SmallStore() {
  TopicSettings settings;
  settings.retention_events = 20;
  settings.retention_bytes = 512 << 10;
  MemoryStoreOptions options;
  options.rules = TopicRules(settings, {});
  options.max_topics = 8;
  options.memory_limit = 2 << 20;
  return options;
}

// A name in the abstract namespace, which leaves nothing behind.
socklen_t Fill(const std::string& address, sockaddr_un& to) {
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path + 1, address.data(), address.size());
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 +
                                address.size());
}

}  // namespace

LoopServer::LoopServer() : options_(SmallOptions()), totals_(options_) {
  store_ = NewMemoryStore(SmallStore(),
                          [this](absl::Span<const EntryRef> committed) {
                            hub_.OnCommitted(committed);
                          });
  hub_.SetStore(store_.get());

  static std::atomic<uint64_t> made{0};
  address_ = absl::StrCat("sluice-fuzz-", getpid(), "-", ++made);
  Fd listening(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  const socklen_t length = Fill(address_, address);
  Require(bind(listening.get(), reinterpret_cast<sockaddr*>(&address),
               length) == 0 &&
              listen(listening.get(), 64) == 0,
          "there is a local socket to listen on");
  auto event_loop = EventLoop::Create();
  Require(event_loop.ok(), "there is an event loop");
  loop_ = std::make_unique<HttpLoop>(
      *std::move(event_loop), std::move(listening), hub_, options_, totals_);
  Require(loop_->Start().ok(), "the loop starts");
}

LoopServer::~LoopServer() = default;

Fd LoopServer::Connect() {
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  const socklen_t length = Fill(address_, address);
  Require(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), length) == 0,
          "the loop accepts connections");
  return fd;
}

void LoopServer::Settle() {
  // What is posted comes behind the sockets of a turn, and a turn may have
  // asked its sockets before. By the second time all are seen, by the third
  // what they left for another turn is done as well.
  for (int turn = 0; turn < 3; ++turn) {
    std::promise<void> passed;
    loop_->RunInLoop([&passed] { passed.set_value(); });
    passed.get_future().wait();
  }
}

void LoopServer::Publish(const std::string& topic, std::string text) {
  if (!CheckText(text).ok()) text = "not a text";
  Store::AppendRequest request;
  request.topic = topic;
  request.events.emplace_back();
  request.events.back().data = NormalizeLineBreaks(std::move(text));
  store_->Append(std::move(request), [](const auto&) {});
}

void LoopServer::EndTopic(const std::string& topic, End end) {
  Store::AppendRequest request;
  request.topic = topic;
  request.end = std::move(end);
  store_->Append(std::move(request), [](const auto&) {});
}

void LoopServer::DeleteTopic(const std::string& topic) {
  store_->Delete(topic, [](const auto&) {});
}

void LoopServer::Drain() {
  loop_->Drain(absl::ZeroDuration(), [] {});
}

}  // namespace sluice
