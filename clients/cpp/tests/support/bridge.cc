#include "support/bridge.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

extern char** environ;

namespace sluice::testing {
namespace {

constexpr char kOpening[] = ": sluice\n";

void Die(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::abort();
}

// Takes the lines of an event.
Received Parse(const std::string& block) {
  Received event;
  bool has_data = false;
  for (std::size_t at = 0; at < block.size();) {
    const std::size_t end = std::min(block.find('\n', at), block.size());
    const std::string line = block.substr(at, end - at);
    at = end + 1;
    if (line.rfind("id: ", 0) == 0) event.id = line.substr(4);
    if (line.rfind("event: ", 0) == 0) event.type = line.substr(7);
    if (line.rfind("data: ", 0) == 0) {
      if (std::exchange(has_data, true)) event.data += '\n';
      event.data += line.substr(6);
    }
  }
  return event;
}

// Takes whole events off the front of `text`.
std::vector<Received> TakeEvents(std::string& text) {
  std::vector<Received> events;
  for (;;) {
    const std::size_t end = text.find("\n\n");
    if (end == std::string::npos) return events;
    events.push_back(Parse(text.substr(0, end)));
    text.erase(0, end + 2);
  }
}

}  // namespace

void Until(const char* what, const std::function<bool()>& condition) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      Die(std::string("not in time: ") + what);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::vector<std::string> Numbers(int from, int to) {
  std::vector<std::string> numbers;
  for (int n = from; n < to; ++n) numbers.push_back(std::to_string(n));
  return numbers;
}

std::vector<std::string> Texts(const std::vector<Received>& events) {
  std::vector<std::string> texts;
  for (const Received& event : events) texts.push_back(event.data);
  return texts;
}

Bridge::Bridge(std::vector<std::string> flags) : flags_(std::move(flags)) {
  Start();
}

Bridge::~Bridge() { Kill(); }

void Bridge::Kill() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = 0;
}

void Bridge::Start() {
  const char* bin = std::getenv("SLUICE_BIN");
  if (bin == nullptr) Die("SLUICE_BIN says where sluice-bridge is");
  std::vector<std::string> arguments = {std::string(bin) + "/sluice-bridge",
                                        "--grpc_listen=" + grpc_,
                                        "--http_listen=" + http_,
                                        "--log_level=error",
                                        "--retention_events=100000",
                                        "--retention_bytes=64MiB",
                                        "--retry=100ms"};
  arguments.insert(arguments.end(), flags_.begin(), flags_.end());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  int out[2];
  if (::pipe2(out, O_CLOEXEC) != 0) Die("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  if (::posix_spawn(&process_, argv[0], &actions, nullptr, argv.data(),
                    environ) != 0) {
    Die("cannot start " + arguments[0]);
  }
  posix_spawn_file_actions_destroy(&actions);
  ::close(out[1]);
  std::string line;
  for (char c; ::read(out[0], &c, 1) == 1 && c != '\n';) line += c;
  ::close(out[0]);
  char grpc[64];
  char http[64];
  if (std::sscanf(line.c_str(), "sluice ready grpc=%63s http=%63s", grpc,
                  http) != 2) {
    Die("the bridge said: " + line);
  }
  grpc_ = grpc;
  http_ = http;
}

std::string Bridge::Stream(const std::string& topic) const {
  const std::string path = "/v1/topics/" + topic;
  const HttpAnswer page = Http(http_, "GET", path + "/history?last=1");
  if (page.body.find("\"ended\":true") == std::string::npos) {
    Die(topic + " has not ended: " + page.body);
  }
  const std::string body = Http(http_, "GET", path + "/events").body;
  const std::size_t opening = body.find(kOpening);
  if (opening == std::string::npos) Die("no opening: " + body);
  return body.substr(opening + sizeof(kOpening) - 1);
}

std::vector<Received> Bridge::Events(const std::string& topic) const {
  std::string stream = Stream(topic);
  return TakeEvents(stream);
}

void Bridge::Stop(const std::string& topic, const std::string& reason) const {
  Until("a producer", [&] {
    return Http(http_, "POST", "/v1/topics/" + topic + "/stop",
                "{\"reason\":\"" + reason + "\"}")
               .status == 202;
  });
}

Reader::Reader(const Bridge& bridge, std::string path)
    : address_(bridge.http()), path_(std::move(path)), thread_([this] {
        while (!closing_ && !over()) {
          ReadOnce();
          // As long as there is no bridge.
          std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
      }) {}

Reader::~Reader() {
  closing_ = true;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (connection_ != nullptr) connection_->Reset();
  }
  thread_.join();
}

std::vector<Received> Reader::received() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return received_;
}

std::vector<Received> Reader::All() const {
  Until("the end", [this] { return over(); });
  return received();
}

bool Reader::over() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return !received_.empty() && received_.back().data == "[DONE]";
}

void Reader::ReadOnce() {
  const Socket socket = Socket::Dial(address_);
  if (!socket.ok()) return;
  std::string last_id;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closing_) return;
    connection_ = &socket;
    if (!received_.empty()) {
      last_id = "Last-Event-ID: " + received_.back().id + "\r\n";
    }
  }
  socket.Send("GET " + path_ + " HTTP/1.1\r\nHost: " + address_ +
              "\r\nAccept: text/event-stream\r\n" + last_id + "\r\n");
  Body body;
  std::string text;
  bool opened = false;
  for (;;) {
    const std::string bytes = socket.Receive(64 << 10);
    if (bytes.empty()) break;
    text += body.Feed(bytes);
    const std::size_t opening = opened ? 0 : text.find(kOpening);
    if (opening == std::string::npos) continue;
    if (!std::exchange(opened, true)) {
      text.erase(0, opening + sizeof(kOpening) - 1);
      ++joined_;
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    for (Received& event : TakeEvents(text)) {
      received_.push_back(std::move(event));
    }
    if (!received_.empty() && received_.back().data == "[DONE]") break;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  connection_ = nullptr;
}

}  // namespace sluice::testing
