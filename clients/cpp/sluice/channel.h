// How to reach a bridge.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

// What goes with a call, such as {"authorization", "Bearer ..."}. Keys are in
// lower case.
using Metadata = std::vector<std::pair<std::string, std::string>>;

// A channel to `target` (HOST:PORT) that notices within half a minute when its
// peer has silently died. Connects when it is used. Null credentials mean plain
// text.
std::shared_ptr<grpc::Channel> Connect(
    const std::string& target,
    std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr);

}  // namespace sluice
