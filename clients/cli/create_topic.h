// What pub and relay ask about their topic before the first event.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/types/optional.h"
#include "clients/cli/interrupt.h"

namespace sluice {

// `--new`: creates `topic`, in place of one that has ended. Blocks as CallUnary
// does. None: it is there. Otherwise a sentence that says why not; `target` is
// the bridge's address.
absl::optional<std::string> CreateTopic(
    const std::shared_ptr<grpc::Channel>& channel, const std::string& topic,
    const std::string& target, const Interrupt& interrupt);

// None, unless it is known that `topic` takes no more events: for who may not
// publish any for long. Otherwise a sentence. Blocks as CallUnary does.
absl::optional<std::string> CheckOpen(
    const std::shared_ptr<grpc::Channel>& channel, const std::string& topic,
    const Interrupt& interrupt);

}  // namespace sluice
