#include "bridge/bridge.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bridge/base/log.h"
#include "bridge/grpc/descriptor_set.h"
#include "bridge/store/memory_store.h"

namespace sluice {
namespace {

// Descriptors that are not for clients: files, listeners, gRPC's own.
constexpr uint64_t kReservedDescriptors = 128;

// Raises the descriptor limit as far as it goes, and returns it.
uint64_t RaiseDescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

uint64_t MaxHttpConnections(const Config& config) {
  const uint64_t descriptors = RaiseDescriptorLimit();
  if (config.max_connections > 0) {
    return static_cast<uint64_t>(config.max_connections);
  }
  const uint64_t others =
      static_cast<uint64_t>(config.max_grpc_connections + kShedConnections) +
      kReservedDescriptors;
  return descriptors - std::min(others, descriptors / 2);
}

TopicRules MakeTopicRules(const Config& config) {
  TopicSettings defaults;
  defaults.retention_events = config.retention_events;
  defaults.retention_bytes = config.retention_bytes;
  defaults.retention_age = config.retention_age;
  return TopicRules(defaults, config.topics);
}

HttpOptions MakeHttpOptions(const Config& config) {
  HttpOptions options;
  options.host = config.http_listen.host;
  options.port = config.http_listen.port;
  options.loops =
      config.loops > 0
          ? config.loops
          : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  options.heartbeat = config.heartbeat;
  options.retry = config.retry;
  options.error_event = config.error_event;
  options.cors_origins = config.cors_origins;
  options.require_topics = config.require_topics;
  options.max_topics_per_stream =
      static_cast<size_t>(config.max_topics_per_stream);
  options.http_publish = config.http_publish;
  options.demo = config.demo;
  options.topic_rules = MakeTopicRules(config);
  options.max_connections = MaxHttpConnections(config);
  options.max_event_bytes = config.max_event_bytes;
  options.request_memory = config.request_memory;
  options.replay_memory = config.replay_memory;
  options.header_timeout = config.header_timeout;
  options.body_timeout = config.body_timeout;
  options.write_timeout = config.write_timeout;
  options.drip_timeout = config.drip_timeout;
  options.max_stream_age = config.max_stream_age;
  return options;
}

absl::StatusOr<std::shared_ptr<const MessageTypes>> LoadMessageTypes(
    const std::string& path) {
  if (path.empty()) return MessageTypes::WellKnown();
  const auto bytes = ReadDescriptorSet(path);
  auto types = bytes.ok() ? MessageTypes::FromSet(*bytes) : bytes.status();
  if (types.ok()) return types;
  return absl::InvalidArgumentError(
      absl::StrCat("descriptor_set=", path, ": ", types.status().message()));
}

GrpcServerOptions MakeGrpcOptions(
    const Config& config, std::shared_ptr<const MessageTypes> message_types) {
  GrpcServerOptions options;
  options.listen = config.grpc_listen.ToString();
  options.publish.max_event_bytes = config.max_event_bytes;
  options.publish.window_requests = static_cast<size_t>(config.producer_window);
  options.publish.grace = config.producer_grace;
  options.subscribe.max_topics =
      static_cast<size_t>(config.max_topics_per_stream);
  options.subscribe.require_topics = config.require_topics;
  options.publish.message_types = std::move(message_types);
  options.topic_rules = MakeTopicRules(config);
  options.max_connections = static_cast<size_t>(config.max_grpc_connections);
  options.max_streams = config.max_streams;
  options.keepalive = config.grpc_keepalive;
  options.memory = config.grpc_memory;
  return options;
}

}  // namespace

Bridge::Bridge(const Config& config,
               std::shared_ptr<const MessageTypes> message_types)
    : config_(config) {
  MemoryStoreOptions options;
  options.rules = MakeTopicRules(config);
  options.max_topics = config.max_topics;
  options.memory_limit = config.memory_limit;
  options.tombstone_ttl = config.tombstone_ttl;
  options.idle_topic_ttl = config.idle_topic_ttl;
  store_ =
      NewMemoryStore(options, [this](absl::Span<const EntryRef> committed) {
        hub_.OnCommitted(committed);
      });
  hub_.SetStore(store_.get());
  http_ = std::make_unique<HttpServer>(MakeHttpOptions(config), hub_);
  grpc_ = std::make_unique<GrpcServer>(
      hub_, MakeGrpcOptions(config, std::move(message_types)));
}

absl::StatusOr<std::unique_ptr<Bridge>> Bridge::Start(const Config& config) {
  auto types = LoadMessageTypes(config.descriptor_set);
  if (!types.ok()) return types.status();
  std::unique_ptr<Bridge> bridge(new Bridge(config, *std::move(types)));
  // Readers find their port open before the first event can come.
  if (absl::Status status = bridge->http_->Start(); !status.ok()) return status;
  if (absl::Status status = bridge->grpc_->Start(); !status.ok()) return status;
  Log(LogLevel::kInfo, "serving",
      {{"grpc_port", bridge->grpc_port()},
       {"http_port", bridge->http_port()},
       {"epoch", bridge->store_->epoch().text()}});
  return bridge;
}

// Producers first: what they had accepted still goes out.
Bridge::~Bridge() {
  grpc_.reset();
  http_.reset();
  store_.reset();
}

void Bridge::Drain() {
  Log(LogLevel::kInfo, "draining",
      {{"at_most", absl::FormatDuration(config_.drain)}});
  const auto gone = std::make_shared<std::promise<void>>();
  http_->Drain(config_.drain, [gone] { gone->set_value(); });
  const auto deadline = std::chrono::steady_clock::now() +
                        absl::ToChronoMilliseconds(config_.drain);
  grpc_->Drain(config_.drain);
  gone->get_future().wait_until(deadline);
}

}  // namespace sluice
