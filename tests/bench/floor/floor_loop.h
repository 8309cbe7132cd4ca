#pragma once

#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bridge/base/mutex.h"
#include "bridge/net/socket.h"

namespace sluice::bench {

using Frame = std::shared_ptr<const std::string>;

// A frame, and whose it is.
using Publication = std::pair<std::string, Frame>;

// One thread of the floor: epoll, and one send of a ready frame to each
// subscriber. It keeps no log, knows no slow reader, checks nothing, and never
// sends a heartbeat: what is measured against it is the price of all that.
class FloorLoop {
 public:
  explicit FloorLoop(Fd listening);
  ~FloorLoop();

  // For any thread: the frames go to those who read their topics.
  void Publish(const std::vector<Publication>& frames);

 private:
  void Run();
  void Accept();
  void Read(int fd);
  void Send();
  void Close(int fd);

  const Fd listening_;
  const Fd epoll_;
  const Fd wake_;
  std::unordered_map<std::string, std::vector<int>> subscribers_;
  std::unordered_map<int, std::string> topics_;  // of those who subscribe

  Mutex mutex_;
  std::vector<Publication> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace sluice::bench
