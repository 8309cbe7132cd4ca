#pragma once

#include <set>
#include <string>

#include "bridge/grpc/reflection.pb.h"
#include "bridge/grpc/server_call.h"

namespace sluice {

// grpc.reflection.v1 and v1alpha: which services there are, and the files that
// describe them, of all that this program was linked with.
//
// Thread safety: the threads of call queues call it. Nothing blocks.
// Lifetime: must outlive the server.
class ReflectionService {
 public:
  // Lists the services of the methods that are there, and its own.
  void AddTo(ServerCall::Methods& methods);

 private:
  class Stream;

  grpc::reflection::v1alpha::ServerReflectionResponse Answer(
      const grpc::reflection::v1alpha::ServerReflectionRequest& request) const;

  std::set<std::string> services_;
};

}  // namespace sluice
