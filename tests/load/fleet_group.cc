#include "tests/load/fleet_group.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sluice {
namespace {

constexpr size_t kConnectsATurn = 256;
constexpr int64_t kDripMs = 1000;

using Fields = std::vector<std::string>;

template <typename Value>
void AddField(const char* name, Value value, Fields& fields) {
  fields.push_back(absl::StrCat("\"", name, "\":", value));
}

std::string Object(const Fields& fields) {
  return absl::StrCat("{", absl::StrJoin(fields, ","), "}");
}

}  // namespace

FleetGroup::FleetGroup(FleetNetwork& network, ClientOptions options)
    : network_(network), options_(std::move(options)) {
  if (options_.bytes_per_second > 0) OnTimer();
}

void FleetGroup::Add(size_t count) {
  added_us_ = SteadyUs();
  clients_.reserve(clients_.size() + count);
  for (size_t i = 0; i < count; ++i) {
    clients_.push_back(std::make_unique<FleetClient>(*this));
  }
}

bool FleetGroup::ConnectSome() {
  const size_t until = std::min(clients_.size(), connected_ + kConnectsATurn);
  while (connected_ < until) clients_[connected_++]->Connect();
  return connected_ < clients_.size();
}

uint64_t FleetGroup::Allowed(uint64_t read) const {
  if (options_.never || options_.bytes_per_second > 0) return 0;
  if (options_.stop_after == 0) return FleetClient::kNoLimit;
  return options_.stop_after - std::min(options_.stop_after, read);
}

void FleetGroup::OnTimer() {
  for (const auto& client : clients_) client->Read(options_.bytes_per_second);
  network_.loop.timers().Arm(*this, network_.loop.now_ms() + kDripMs);
}

void FleetGroup::Resume() {
  Disarm();
  options_.never = false;
  options_.stop_after = options_.bytes_per_second = 0;
  for (const auto& client : clients_) client->Read(FleetClient::kNoLimit);
}

void FleetGroup::CountEnd(const StreamCheck& stream) {
  counts.unanswered += stream.empty();
  counts.cut += stream.cut();
  counts.last_chunk += stream.last_chunk();
  counts.done += stream.done();
  if (!stream.retry_is_last()) return;
  ++counts.told_retry;
  retries_.insert(stream.retry_ms());
}

void FleetGroup::Close(bool reset) {
  Disarm();
  for (const auto& client : clients_) client->Close(reset);
  connected_ = clients_.size();
}

std::string FleetGroup::Report() const {
  uint64_t connected = 0;
  uint64_t open = 0;
  uint64_t waiting = 0;
  uint64_t least_events = FleetClient::kNoLimit;
  uint64_t least_heartbeats = FleetClient::kNoLimit;
  uint64_t least_next = FleetClient::kNoLimit;
  uint64_t most_next = 0;
  std::map<int, uint64_t> statuses;
  for (const auto& client : clients_) {
    const StreamCheck& stream = client->stream();
    const bool is_connected = client->state() == FleetClient::State::kConnected;
    connected += is_connected;
    open += is_connected && stream.opened();
    waiting += client->state() == FleetClient::State::kWaiting;
    least_events = std::min(least_events, stream.events());
    least_heartbeats = std::min(least_heartbeats, stream.heartbeats());
    least_next = std::min(least_next, stream.next());
    most_next = std::max(most_next, stream.next());
    if (stream.status() != 0) ++statuses[stream.status()];
  }
  Fields status;
  for (const auto& [code, count] : statuses) {
    AddField(absl::StrCat(code).c_str(), count, status);
  }
  Fields latency;
  AddField("count", tally_.latency.count(), latency);
  AddField("p50", tally_.latency.QuantileUs(0.5), latency);
  AddField("p99", tally_.latency.QuantileUs(0.99), latency);
  AddField("max", tally_.latency.max_us(), latency);

  Fields fields;
  AddField("clients", clients_.size(), fields);
  AddField("connected", connected, fields);
  AddField("open", open, fields);
  AddField("waiting", waiting, fields);
  AddField("openedUs", opened_us_, fields);
  AddField("status", Object(status), fields);

  AddField("attempts", counts.attempts, fields);
  AddField("refused", counts.refused, fields);
  AddField("ended", counts.ended, fields);
  AddField("reset", counts.reset, fields);
  AddField("unanswered", counts.unanswered, fields);
  AddField("cut", counts.cut, fields);
  AddField("lastChunk", counts.last_chunk, fields);
  AddField("done", counts.done, fields);
  AddField("toldRetry", counts.told_retry, fields);
  AddField("retries", retries_.size(), fields);
  if (!retries_.empty()) {
    const auto [least, most] =
        std::minmax_element(retries_.begin(), retries_.end());
    AddField("leastRetry", *least, fields);
    AddField("mostRetry", *most, fields);
  }

  AddField("bytes", tally_.bytes, fields);
  AddField("events", tally_.events, fields);
  if (!clients_.empty()) {
    AddField("leastEvents", least_events, fields);
    AddField("leastHeartbeats", least_heartbeats, fields);
    AddField("leastNext", least_next, fields);
    AddField("mostNext", most_next, fields);
  }
  AddField("heartbeats", tally_.heartbeats, fields);
  AddField("gaps", tally_.gaps, fields);
  AddField("duplicates", tally_.duplicates, fields);
  AddField("missing", tally_.missing, fields);
  AddField("disordered", tally_.disordered, fields);
  AddField("split", tally_.split, fields);
  AddField("odd", tally_.odd, fields);
  AddField("latencyUs", Object(latency), fields);
  return Object(fields);
}

}  // namespace sluice
