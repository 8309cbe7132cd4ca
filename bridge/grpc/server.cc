#include "bridge/grpc/server.h"

#include <grpc/grpc.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <limits>
#include <thread>
#include <utility>

#include "bridge/grpc/grpc_log.h"
#include "sluice/v1/publisher_service.grpc.pb.h"
#include "sluice/v1/subscriber_service.grpc.pb.h"
#include "sluice/v1/topic_service.grpc.pb.h"

namespace sluice {
namespace {

// The wire form of JSON is up to six times as long as its text.
constexpr size_t kMessageFactor = 6;
constexpr size_t kMinMessageBytes = 4 << 20;
constexpr int kMaxMetadataBytes = 16 << 10;

// One is enough for two processors: the event loops take the rest of them.
int QueueCount() {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()) / 2,
                    1, 8);
}

// How far gRPC reads ahead of a call's window. Left to itself it takes up to 7
// MiB from each call that is held up, and gives up calls when its memory is
// full.
constexpr int kReadAheadBytes = 256 << 10;

// How long a connection may take to say that it speaks HTTP/2.
constexpr int kHandshakeTimeoutMs = 10 * 1000;

// How long a peer may take to answer a ping. Clients may ping as often as that.
absl::Duration PingTimeout(absl::Duration keepalive) {
  return std::clamp(keepalive / 3, absl::Seconds(1), absl::Seconds(10));
}

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

int MaxMessageBytes(size_t max_event_bytes) {
  constexpr size_t kMost = std::numeric_limits<int>::max();
  if (max_event_bytes > kMost / kMessageFactor) return static_cast<int>(kMost);
  return static_cast<int>(
      std::max(kMinMessageBytes, max_event_bytes * kMessageFactor));
}

void SetArguments(const GrpcServerOptions& options,
                  grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             options.max_streams);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES,
                             kReadAheadBytes);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             kHandshakeTimeoutMs);
  const int ping_timeout_ms = Milliseconds(PingTimeout(options.keepalive));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                             Milliseconds(options.keepalive));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ping_timeout_ms);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, ping_timeout_ms);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.SetMaxReceiveMessageSize(
      MaxMessageBytes(options.publish.max_event_bytes));
  builder.SetResourceQuota(
      grpc::ResourceQuota("sluice").Resize(options.memory));
}

}  // namespace

GrpcServer::GrpcServer(Hub& hub, const GrpcServerOptions& options)
    : options_(options),
      acceptor_(options.max_connections, PingTimeout(options.keepalive)),
      publisher_(hub, options.publish),
      topics_(hub, options.topic_rules),
      subscriber_(hub, options.subscribe),
      health_({v1::PublisherService::service_full_name(),
               v1::SubscriberService::service_full_name(),
               v1::TopicService::service_full_name()}) {
  publisher_.AddTo(methods_);
  topics_.AddTo(methods_);
  subscriber_.AddTo(methods_);
  health_.AddTo(methods_);
  reflection_.AddTo(methods_);
}

GrpcServer::~GrpcServer() { Drain(absl::ZeroDuration()); }

absl::Status GrpcServer::Start() {
  // When its last user goes, gRPC 1.51 shuts its library down, and may wait 10
  // s for a thread of its own that polls. One that never goes spares a stop
  // that.
  static const bool kept = [] {
    grpc_init();
    return true;
  }();
  (void)kept;

  TakeOverGrpcLog();
  grpc::EnableDefaultHealthCheckService(false);

  if (auto status = acceptor_.Listen(options_.listen); !status.ok()) {
    return status;
  }
  grpc::ServerBuilder builder;
  SetArguments(options_, builder);
  auto connections = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      grpc::InsecureServerCredentials());
  builder.RegisterAsyncGenericService(&calls_);
  for (int i = QueueCount(); i > 0; --i)
    queues_.push_back(std::make_unique<CallQueue>(builder, calls_, methods_));
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) return absl::UnavailableError("gRPC cannot start");
  for (const auto& queue : queues_) queue->Start();
  acceptor_.Start(std::move(connections));
  return absl::OkStatus();
}

void GrpcServer::Drain(absl::Duration at_most) {
  if (server_ == nullptr) return;
  health_.SetServing(false);
  health_.EndWatches();
  acceptor_.Stop();
  subscriber_.Drain();
  server_->Shutdown(gpr_time_add(
      gpr_now(GPR_CLOCK_MONOTONIC),
      gpr_time_from_millis(absl::ToInt64Milliseconds(at_most), GPR_TIMESPAN)));
  for (const auto& queue : queues_) queue->Stop();
  queues_.clear();
  server_ = nullptr;
}

}  // namespace sluice
