// A raw socket that answers one request after the other with canned bytes: an
// HTTP server that can break any rule.
#pragma once

#include <string>
#include <thread>
#include <vector>

#include "bridge/base/mutex.h"

namespace sluice {

class FakeHttp {
 public:
  // Answers the n-th connection with `answers[n]`, then closes it; or, if
  // `hold`, keeps the last one open.
  explicit FakeHttp(std::vector<std::string> answers, bool hold = false);
  ~FakeHttp();

  // `http://127.0.0.1:PORT`, with `path`.
  std::string Url(const std::string& path = "") const;

  // The requests so far, head and body.
  std::vector<std::string> requests() const;

 private:
  void Serve();

  const std::vector<std::string> answers_;
  const bool hold_;
  int listener_;
  int port_ = 0;
  // Closed to let a held connection go.
  int release_[2];
  mutable Mutex mutex_;
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

// An answer 200 with `type`, and `chunks` as its body; without the last chunk
// if `cut`.
std::string Chunked(const std::string& type,
                    const std::vector<std::string>& chunks, bool cut = false);

}  // namespace sluice
