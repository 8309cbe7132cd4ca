#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "bridge/event/topic_rules.h"

namespace sluice {

// Room beside the connections that are served, to tell the others that the
// server is full.
inline constexpr int64_t kShedConnections = 256;

// What the HTTP side is told at its start; config/ says what each means to
// users.
struct HttpOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 8080;  // 0: a free one
  int loops = 1;         // 1 or more

  absl::Duration heartbeat = absl::Seconds(15);
  absl::Duration retry = absl::Seconds(2);
  std::string error_event = "error";
  std::vector<std::string> cors_origins;
  bool require_topics = false;
  size_t max_topics_per_stream = 64;
  bool http_publish = false;
  bool demo = false;
  TopicRules topic_rules;  // what a topic gets that says nothing itself

  uint64_t max_connections = 10000;
  uint64_t max_event_bytes = 1 << 20;
  uint64_t request_memory = 256 << 20;
  uint64_t replay_memory = 256 << 20;
  absl::Duration header_timeout = absl::Seconds(10);
  absl::Duration body_timeout = absl::Seconds(30);
  absl::Duration write_timeout = absl::Seconds(30);
  absl::Duration drip_timeout = absl::Seconds(60);
  absl::Duration max_stream_age;  // 0: none
};

}  // namespace sluice
