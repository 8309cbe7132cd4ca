#pragma once

#include "tests/stress/producer_link.h"

namespace sluice {

// A link through a gRPC server on `port`, over connections of its own.
std::unique_ptr<ProducerLink> NewGrpcLink(Storm& storm, int port);

// What GetTopic says of the streams that read `topic`.
uint64_t SubscribersOverGrpc(int port, const std::string& topic);

}  // namespace sluice
