#include "bridge/config/options.h"

#include <limits>

#include "bridge/config/topic_bounds.h"

namespace sluice {
namespace {

constexpr absl::Duration kYear = absl::Hours(8760);

Option FlagOnly(Option option) {
  option.in_file = false;
  return option;
}

std::vector<Option> MakeTable() {
  return {
      FlagOnly(PathOption("config", &Config::config,
                          "A YAML file with these settings as its keys; flags "
                          "win over it.")),

      AddressOption("grpc_listen", &Config::grpc_listen,
                    "Where producers connect, by gRPC; port 0 takes any free "
                    "one."),
      AddressOption("http_listen", &Config::http_listen,
                    "Where browsers connect, by HTTP; port 0 takes any free "
                    "one."),
      BoolOption("insecure", &Config::insecure,
                 "Allow addresses that are not loopback although no keys are "
                 "configured: whoever reaches them may read and publish."),
      BoolOption("http_publish", &Config::http_publish,
                 "Let HTTP requests publish, and create, end and delete "
                 "topics; without it they only read and ask producers to "
                 "stop."),
      OriginsOption("cors_origins", &Config::cors_origins,
                    "The sites whose pages may read over CORS."),
      CountOption("loops", &Config::loops, {1, 256, "one a core"},
                  "Event loops, each a thread that serves HTTP connections."),

      DurationOption("heartbeat", &Config::heartbeat,
                     {absl::Seconds(1), absl::Seconds(60)},
                     "A stream that is silent for this long gets a comment "
                     "line."),
      DurationOption("retry", &Config::retry,
                     {absl::Milliseconds(100), absl::Hours(24)},
                     "How long browsers are told to wait before they come "
                     "back."),
      EventTypeOption("error_event", &Config::error_event,
                      "The type of the SSE event that tells of a failed end."),
      DurationOption("max_stream_age", &Config::max_stream_age,
                     {absl::Seconds(1), kYear, "no limit"},
                     "A stream older than this is closed; its reader comes "
                     "back and goes on."),
      CountOption("max_topics_per_stream", &Config::max_topics_per_stream,
                  {1, 1024}, "Topics and patterns that one stream may name."),
      BoolOption("require_topics", &Config::require_topics,
                 "Answer 404 for topics that nobody created or published to."),

      CountOption("retention_events", &Config::retention_events,
                  kRetentionEventsBounds, "Events that a topic keeps."),
      SizeOption("retention_bytes", &Config::retention_bytes,
                 kRetentionBytesBounds, "Bytes of events that a topic keeps."),
      DurationOption("retention_age", &Config::retention_age,
                     kRetentionAgeBounds, "How long a topic keeps an event."),
      RulesOption("topics", &Config::topics,
                  "Settings of topics by their names: of these rules, the "
                  "first that matches a topic counts. What it leaves out is "
                  "the server's."),
      SizeOption("memory_limit", &Config::memory_limit, {kMiB, 1024 * kGiB},
                 "Memory for all logs together, overhead included."),
      SizeOption("max_event_bytes", &Config::max_event_bytes, {1, 64 * kMiB},
                 "The largest event: payload, id and type."),
      CountOption("max_topics", &Config::max_topics, {1, 100000000},
                  "Topics at one time."),
      DurationOption("tombstone_ttl", &Config::tombstone_ttl,
                     {absl::Seconds(1), kYear},
                     "How long the end of a topic is known after its events "
                     "are gone."),
      DurationOption("idle_topic_ttl", &Config::idle_topic_ttl,
                     {absl::Seconds(1), kYear},
                     "How long an open topic without events, producers and "
                     "subscribers is kept."),

      CountOption("max_connections", &Config::max_connections,
                  {1, 10000000, "by the descriptor limit"},
                  "HTTP connections at one time."),
      SizeOption("request_memory", &Config::request_memory, {kMiB, 1024 * kGiB},
                 "Memory for the bodies of HTTP requests, all connections "
                 "together."),
      SizeOption("replay_memory", &Config::replay_memory, {kMiB, 1024 * kGiB},
                 "Memory for what readers that are behind are being sent."),
      DurationOption("header_timeout", &Config::header_timeout,
                     {absl::Milliseconds(100), absl::Minutes(10)},
                     "How long the head of an HTTP request may take to "
                     "arrive."),
      DurationOption("body_timeout", &Config::body_timeout,
                     {absl::Milliseconds(100), absl::Minutes(10)},
                     "How long the body of an HTTP request may take to "
                     "arrive."),
      DurationOption("write_timeout", &Config::write_timeout,
                     {absl::Milliseconds(100), absl::Minutes(10)},
                     "How long an HTTP client may take nothing of what is "
                     "being sent to it."),
      DurationOption("drip_timeout", &Config::drip_timeout,
                     {absl::Milliseconds(100), absl::Minutes(10)},
                     "How long a reader that is behind may take less than 1 "
                     "KiB a second."),

      CountOption("producer_window", &Config::producer_window, {1, 1000000},
                  "Requests, up to 1 MiB of them, that a publishing call may "
                  "have waiting in the store."),
      DurationOption("producer_grace", &Config::producer_grace,
                     {absl::ZeroDuration(), absl::Hours(24)},
                     "How long a topic under ON_ABORT_FAIL waits for another "
                     "producer before it fails."),
      CountOption("max_grpc_connections", &Config::max_grpc_connections,
                  {1, 1000000},
                  "gRPC connections at one time; one more is closed at once."),
      CountOption("max_streams", &Config::max_streams, {1, 1000000},
                  "Calls at one time on one gRPC connection."),
      DurationOption("grpc_keepalive", &Config::grpc_keepalive,
                     {absl::Seconds(1), absl::Hours(2)},
                     "How often a gRPC connection is pinged. One that does not "
                     "answer within a third of that, 1s to 10s, is closed."),
      SizeOption("grpc_memory", &Config::grpc_memory, {16 * kMiB, 1024 * kGiB},
                 "Memory for gRPC's own buffers."),
      PathOption("descriptor_set", &Config::descriptor_set,
                 "A FileDescriptorSet with the types of events published as "
                 "messages; without it, only google.protobuf's well-known "
                 "types are known."),

      BoolOption("demo", &Config::demo, "Serve the pages of the demo, at /."),
      LogLevelOption("log_level", &Config::log_level,
                     "The least level of what is logged."),
      LogFormatOption("log_format", &Config::log_format,
                      "How the log on standard error is written."),
      DurationOption("drain", &Config::drain,
                     {absl::ZeroDuration(), absl::Minutes(10)},
                     "How long a stop may take to send readers and producers "
                     "away."),
  };
}

}  // namespace

const std::vector<Option>& Options() {
  static const auto* const table = new std::vector<Option>(MakeTable());
  return *table;
}

const Option* FindOption(absl::string_view name) {
  return FindOption(Options(), name);
}

absl::Status UnknownOption(absl::string_view where, absl::string_view name) {
  return UnknownOption(Options(), where, name);
}

}  // namespace sluice
