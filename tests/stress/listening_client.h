#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/types/optional.h"

namespace sluice {

// A PublishWithFeedback call that publishes nothing, and counts what it is told
// of one topic.
//
// Thread safety: one thread.
class ListeningClient {
 public:
  virtual ~ListeningClient() = default;

  // It was acknowledged, and was told of its topic's readers.
  virtual bool stands() = 0;
  // Whether somebody reads, as it was told last; empty: it was told nothing.
  virtual absl::optional<bool> told() = 0;
  virtual uint64_t stops() = 0;

  // Half-closes and waits for the end. False if it is not OK.
  virtual bool Finish() = 0;
};

// Through a gRPC server on `port`, over a connection of its own.
std::unique_ptr<ListeningClient> NewListeningClient(int port,
                                                    const std::string& topic);

}  // namespace sluice
