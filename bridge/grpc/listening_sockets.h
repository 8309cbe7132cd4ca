#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sluice {

// Sockets that listen without blocking on all that HOST of `address`,
// HOST:PORT, stands for, and on one port; the caller closes them. An empty HOST
// is every interface, port 0 any free one. What they accept inherits
// TCP_NODELAY and TCP_USER_TIMEOUT. SO_REUSEPORT is not set: two bridges on one
// port would share its calls without a word. Unavailable, naming the address,
// if the port is taken or the address is not this machine's.
absl::StatusOr<std::vector<int>> ListenOnAll(const std::string& address,
                                             absl::Duration user_timeout);

// The port that a socket is bound to.
int PortOf(int listening);

}  // namespace sluice
