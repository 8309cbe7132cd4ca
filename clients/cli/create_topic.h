// `--new` of pub and relay: a fresh topic, before the first event.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/types/optional.h"
#include "clients/cli/interrupt.h"

namespace sluice {

// Creates `topic`, in place of one that has ended. Blocks as CallUnary does.
// None: it is there. Otherwise a sentence that says why not; `target` is
// the bridge's address.
absl::optional<std::string> CreateTopic(
    const std::shared_ptr<grpc::Channel>& channel, const std::string& topic,
    const std::string& target, const Interrupt& interrupt);

}  // namespace sluice
