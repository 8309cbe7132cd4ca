#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "bridge/base/log.h"
#include "bridge/config/host_port.h"
#include "bridge/event/topic_rules.h"

namespace sluice {

inline constexpr uint64_t kKiB = uint64_t{1} << 10;
inline constexpr uint64_t kMiB = uint64_t{1} << 20;
inline constexpr uint64_t kGiB = uint64_t{1} << 30;

// All settings of one bridge, with their defaults; sizes are bytes. A plain
// value, read once before the bridge starts. What each means and may be is said
// in the table of options.cc, under the member's name.
struct Config {
  std::string config;

  HostPort grpc_listen{"127.0.0.1", 50051};
  HostPort http_listen{"127.0.0.1", 8080};
  bool insecure = false;
  bool http_publish = false;
  std::vector<std::string> cors_origins;
  int loops = 0;

  absl::Duration heartbeat = absl::Seconds(15);
  absl::Duration retry = absl::Seconds(2);
  std::string error_event = "error";
  absl::Duration max_stream_age;
  int max_topics_per_stream = 64;
  bool require_topics = false;

  uint64_t retention_events = 1000;
  uint64_t retention_bytes = 8 * kMiB;
  absl::Duration retention_age = absl::Hours(1);
  std::vector<TopicRule> topics;
  uint64_t memory_limit = kGiB;
  uint64_t max_event_bytes = kMiB;
  uint64_t max_topics = 1000000;
  absl::Duration tombstone_ttl = absl::Hours(1);
  absl::Duration idle_topic_ttl = absl::Hours(1);

  int max_connections = 0;
  uint64_t request_memory = 256 * kMiB;
  uint64_t replay_memory = 256 * kMiB;
  absl::Duration header_timeout = absl::Seconds(10);
  absl::Duration body_timeout = absl::Seconds(30);
  absl::Duration write_timeout = absl::Seconds(30);
  absl::Duration drip_timeout = absl::Seconds(60);

  int producer_window = 256;
  absl::Duration producer_grace = absl::Seconds(10);
  int max_grpc_connections = 1000;
  int max_streams = 1000;
  absl::Duration grpc_keepalive = absl::Seconds(30);
  uint64_t grpc_memory = 256 * kMiB;
  std::string descriptor_set;

  bool demo = false;
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  absl::Duration drain = absl::Seconds(10);
};

}  // namespace sluice
