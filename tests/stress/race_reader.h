#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/integration/raw_client.h"

namespace sluice {

// A reader whose steps a test puts into an order. What it is shown adds up over
// its connections.
class RaceReader {
 public:
  // Sends the request for `topic`, and goes on from where it was before. Does
  // not wait for an answer.
  void Subscribe(int port, const std::string& topic,
                 absl::string_view query = "");

  // Reads until the stream stands, or until `text` has come. False if the
  // server closes before that.
  bool WaitUntilOpen();
  bool WaitFor(absl::string_view text);

  // Leaves, with a reset or without, with what it has read so far.
  void Leave(bool reset);
  bool connected() const { return client_ != nullptr; }

  // Reads until the server closes. True if the last chunk was there.
  bool ReadToEnd();
  int status() const { return status_; }

  // Everything that it was shown.
  const std::vector<SseEvent>& events() const { return events_; }
  std::vector<std::string> texts() const;

 private:
  void Take();

  std::unique_ptr<RawClient> client_;
  int status_ = 0;
  bool complete_ = false;
  size_t taken_ = 0;  // of this connection's events
  std::vector<SseEvent> events_;
};

}  // namespace sluice
