// One call that is tried once and keeps nothing.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sluice/channel.h"
#include "sluice/event.h"
#include "sluice/v1/publisher_service.pb.h"

namespace sluice {

struct PublishOnceOptions {
  // Ends the topic after the events: completed, or failed if it has an error.
  std::optional<v1::End> end;
  // What becomes of the topic if it is not ended.
  v1::OnAbort on_abort = v1::ON_ABORT_KEEP_OPEN;
  Metadata metadata;
  // Of the call. What `next` waits for is its own to end.
  absl::Duration timeout = absl::InfiniteDuration();
};

// Publishes events as they come and tells what was stored. Blocks until then.
//
// Gives no ids. If it fails, PublishErrorOf tells how much was stored, where
// the bridge says so. An error of `next` cancels the call and is returned, and
// so is what it throws: what came before may be stored, and the topic stays
// open.
//
// Thread safety: any number of calls on one channel.
absl::StatusOr<v1::PublishResponse> PublishOnce(
    const std::shared_ptr<grpc::Channel>& channel, const std::string& topic,
    const Source& next, const PublishOnceOptions& options = {});

}  // namespace sluice
