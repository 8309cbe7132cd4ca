// A raw socket that answers one request after the other with canned bytes: an
// HTTP server that can break any rule.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bridge/base/mutex.h"

namespace sluice {

// What goes over a connection that then is closed, or, with `hold`, stays open
// in silence.
struct FakeAnswer {
  // NOLINTNEXTLINE(google-explicit-constructor): a string is an answer.
  FakeAnswer(std::string bytes, bool hold = false)
      : bytes(std::move(bytes)), hold(hold) {}

  std::string bytes;
  bool hold;
};

class FakeHttp {
 public:
  using Handler = std::function<FakeAnswer(const std::string& request)>;

  // Answers the n-th connection with `answers[n]`; `hold` is the last one's.
  // Further connections are refused.
  explicit FakeHttp(std::vector<FakeAnswer> answers, bool hold = false);

  // Answers each connection with what `handler` makes of its request. It is
  // called on a thread of its own.
  explicit FakeHttp(Handler handler);

  ~FakeHttp();

  // `http://127.0.0.1:PORT`, with `path`.
  std::string Url(const std::string& path = "") const;

  // The requests so far, head and body.
  std::vector<std::string> requests() const;

 private:
  void Listen();
  void Serve();
  FakeAnswer Next(const std::string& request);

  std::vector<FakeAnswer> answers_;
  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::vector<int> held_;
  mutable Mutex mutex_;
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

// An answer 200 with `type`, and `chunks` as its body; without the last chunk
// if `cut`.
std::string Chunked(const std::string& type,
                    const std::vector<std::string>& chunks, bool cut = false);

}  // namespace sluice
