// Whole connections to one loop, with events and ends in between. An input is a
// script: each step begins with `@`, which connection or topic it is for (a
// digit), what is done (a letter), and for some steps a text up to the next
// `@`.
//
//   s  sends the text      b  sends it byte by byte
//   f  half-closes         x  closes
//   n  reads no more until `r`
//   p  publishes the text  P  publishes a large event of it
//   e  ends the topic      E  fails it
//   d  deletes the topic   D  drains the loop
//
// `abcdefghij234` in a text is the log's epoch. Whatever a client does, the
// loop lives, what it answers is HTTP, and no connection is left in the end.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "bridge/base/log.h"
#include "bridge/net/body_reader.h"
#include "bridge/net/request_reader.h"
#include "tests/fuzz/http_reference.h"
#include "tests/fuzz/json_reference.h"
#include "tests/fuzz/loop_server.h"
#include "tests/fuzz/require.h"

namespace sluice {
namespace {

constexpr size_t kMaxSteps = 48;
constexpr size_t kMaxBytesOneByOne = 64;
constexpr size_t kLargeEventBytes = 80 << 10;
constexpr const char* kTopics[] = {"t", "t.a", "t.b", "u"};

struct Client {
  Fd fd;
  std::string sent;
  std::string received;
  bool open = false;  // the client has not closed it
  bool reads = true;
  bool cut_off = false;  // the client left before it had everything
  bool at_end = false;   // the server has closed
};

class Script {
 public:
  void Run(const std::string& input) {
    const std::vector<std::string> steps =
        absl::StrSplit(input, absl::MaxSplits('@', kMaxSteps));
    for (const std::string& step : steps) {
      if (step.size() < 2) continue;
      Step(static_cast<size_t>(step[0]), step[1], step.substr(2));
      Read();
    }
    Finish();
  }

 private:
  void Step(size_t which, char verb, const std::string& text) {
    Client& client = clients_[which % clients_.size()];
    const std::string topic = kTopics[which % std::size(kTopics)];
    switch (verb) {
      case 's':
        return Send(client, text, text.size());
      case 'b':
        return Send(client, text, 1);
      case 'f':
        if (client.open) shutdown(client.fd.get(), SHUT_WR);
        return;
      case 'x':
        return Close(client);
      case 'n':
        client.reads = false;
        return;
      case 'r':
        client.reads = true;
        return;
      case 'p':
        return server_.Publish(topic, text);
      case 'P':
        return server_.Publish(topic, Large(text));
      case 'e':
        return server_.EndTopic(topic, End{});
      case 'E':
        return server_.EndTopic(topic, End{Failure{13, "failed"}});
      case 'd':
        return server_.DeleteTopic(topic);
      case 'D':
        return server_.Drain();
      default:
        return;
    }
  }

  // Of few lines: what takes time is not what is looked for.
  static std::string Large(const std::string& text) {
    return text + std::string(kLargeEventBytes, 'x');
  }

  void Send(Client& client, const std::string& text, size_t piece) {
    if (!client.open) {
      Require(client.sent.empty() || client.cut_off, "a client is used once");
      if (client.cut_off) return;
      client.fd = server_.Connect();
      client.open = true;
    }
    const std::string bytes = absl::StrReplaceAll(
        text, {{"abcdefghij234", server_.store().epoch().text()}});
    size_t sent = 0;
    for (size_t pieces = 0; sent < bytes.size(); ++pieces) {
      const size_t size =
          pieces < kMaxBytesOneByOne ? piece : bytes.size() - sent;
      const ssize_t n = send(client.fd.get(), bytes.data() + sent,
                             std::min(size, bytes.size() - sent), MSG_NOSIGNAL);
      // The server has closed, or takes no more of what it does not read.
      if (n <= 0) break;
      client.sent.append(bytes, sent, static_cast<size_t>(n));
      sent += static_cast<size_t>(n);
      if (piece == 1) server_.Settle();
    }
  }

  static void Close(Client& client) {
    if (!client.open) return;
    client.fd = Fd();
    client.open = false;
    client.cut_off = true;
  }

  // Reads until nothing more comes.
  void Read() {
    bool more = true;
    while (more) {
      server_.Settle();
      more = false;
      for (Client& client : clients_) more = ReadOne(client) || more;
    }
  }

  // True if something has come.
  static bool ReadOne(Client& client) {
    if (!client.open || !client.reads || client.at_end) return false;
    std::array<char, 64 << 10> bytes;
    bool some = false;
    while (true) {
      const ssize_t n = recv(client.fd.get(), bytes.data(), bytes.size(), 0);
      if (n > 0) {
        client.received.append(bytes.data(), static_cast<size_t>(n));
        some = true;
        continue;
      }
      // A local socket that is closed with unread bytes is reset.
      if (n == 0 || errno != EAGAIN) client.at_end = true;
      return some;
    }
  }

  void Finish() {
    Read();
    for (Client& client : clients_) {
      CheckAnswers(client);
      client.fd = Fd();
    }
    // A connection that the server has shut down lingers until its client has
    // closed; nothing is left to wait for.
    for (int turn = 0; server_.connections() != 0; ++turn) {
      Require(turn < 1000, "connections that their clients closed are gone");
      server_.Settle();
    }
  }

  static std::vector<std::string> Methods(absl::string_view bytes) {
    std::vector<std::string> methods;
    RequestReader reader;
    while (reader.Read(bytes) == RequestReader::Progress::kReady) {
      methods.push_back(reader.head().method);
      bytes.remove_prefix(reader.head_bytes());
      BodyReader body(reader.head(), LoopServer::kMaxEventBytes);
      if (body.Read(bytes) != BodyReader::Progress::kReady) break;
      reader.Reset();
    }
    return methods;
  }

  static void CheckAnswers(const Client& client) {
    const std::vector<SeenResponse> responses =
        ReadResponses(client.received, Methods(client.sent));
    for (const SeenResponse& response : responses) CheckAnswer(response);
    if (responses.empty() || client.cut_off || !client.reads) return;
    Require(responses.back().whole || responses.back().stream,
            "who reads gets the whole answer");
  }

  static void CheckAnswer(const SeenResponse& response) {
    if (response.status == 0) return;
    const std::string type = response.Field("content-type");
    const bool stream = type == "text/event-stream; charset=utf-8";
    Require(!stream || response.status == 200, "an event stream is a success");
    Require(!stream || response.Field("connection") == "close",
            "an event stream ends its connection");
    if (stream) CheckStream(response);
    if (response.status < 400) return;
    if (response.whole && !response.body.empty()) {
      const absl::optional<Json> json = ReadJson(response.body);
      Require(json.has_value() && json->Member("error") != nullptr &&
                  json->Member("error")->Member("code") != nullptr,
              "an error says which it is");
    }
  }

  // Each whole line of a stream is a field of ours or a comment.
  static void CheckStream(const SeenResponse& response) {
    std::vector<std::string> lines = absl::StrSplit(response.body, '\n');
    lines.pop_back();
    for (const std::string& line : lines) {
      Require(line.empty() || absl::StartsWith(line, "id: ") ||
                  absl::StartsWith(line, "event: ") ||
                  absl::StartsWith(line, "retry: ") ||
                  absl::StartsWith(line, "data: ") ||
                  absl::StartsWith(line, ": "),
              "a line of a stream is a field or a comment");
      Require(line.find('\r') == std::string::npos,
              "a line of a stream ends in LF");
    }
  }

  LoopServer server_;
  std::array<Client, LoopServer::kMaxConnections + 2> clients_;
};

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::Script().Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  sluice::ConfigureLog(sluice::LogLevel::kError, sluice::LogFormat::kText);
  return 0;
}
