// The bridge, and readers of what it sends.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/socket.h"

namespace sluice::testing {

// Polls, for up to a minute: only a failure takes as long.
void Until(const char* what, const std::function<bool()>& condition);

// "FROM" ... "TO - 1".
std::vector<std::string> Numbers(int from, int to);

struct Received {
  std::string id;
  std::string type;
  std::string data;
};

std::vector<std::string> Texts(const std::vector<Received>& events);

// A bridge on free ports, which it keeps when it is started again.
class Bridge {
 public:
  explicit Bridge(std::vector<std::string> flags = {});
  ~Bridge();

  const std::string& grpc() const { return grpc_; }
  const std::string& http() const { return http_; }

  void Kill();
  void Start();

  // All of a topic that has ended, without the opening: the bytes, and what
  // they say.
  std::string Stream(const std::string& topic) const;
  std::vector<Received> Events(const std::string& topic) const;

  // Asks, as a reader, the producers of a topic to stop, once there is one.
  void Stop(const std::string& topic, const std::string& reason) const;

 private:
  const std::vector<std::string> flags_;
  std::string grpc_ = "127.0.0.1:0";
  std::string http_ = "127.0.0.1:0";
  pid_t process_ = 0;
};

// Reads a path, and comes back with the last id until it is told the end.
class Reader {
 public:
  Reader(const Bridge& bridge, std::string path);
  ~Reader();

  // Times that it was let in.
  int joined() const { return joined_; }
  std::vector<Received> received() const;
  // All, when the end has come.
  std::vector<Received> All() const;

 private:
  bool over() const;
  void ReadOnce();

  const std::string address_;
  const std::string path_;
  std::atomic<int> joined_{0};
  std::atomic<bool> closing_{false};
  mutable std::mutex mutex_;
  std::vector<Received> received_;      // guarded by mutex_
  const Socket* connection_ = nullptr;  // likewise
  std::thread thread_;
};

}  // namespace sluice::testing
