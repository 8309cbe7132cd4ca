#include "bridge/grpc/topic_message.h"

#include "absl/strings/str_cat.h"
#include "bridge/grpc/proto_time.h"
#include "bridge/grpc/status_detail.h"

namespace sluice {
namespace {

absl::Status NoSuch(absl::string_view type, int number,
                    absl::string_view field) {
  return AtField(absl::InvalidArgumentError(
                     absl::StrCat("there is no ", type, " of number ", number)),
                 field);
}

absl::Status TakeAge(const google::protobuf::Duration& proto,
                     TopicSettingsPatch& settings) {
  const auto age = ToDuration(proto);
  if (!age.ok()) return age.status();
  settings.retention_age = *age;
  return CheckRetentionAge(*age);
}

absl::Status TakeStart(v1::Start start, TopicSettingsPatch& settings) {
  switch (start) {
    case v1::START_UNSPECIFIED:
      return absl::OkStatus();
    case v1::START_EARLIEST:
      settings.default_start = TopicSettings::Start::kEarliest;
      return absl::OkStatus();
    case v1::START_LATEST:
      settings.default_start = TopicSettings::Start::kLatest;
      return absl::OkStatus();
    default:
      return NoSuch("Start", start, "default_start");
  }
}

absl::Status TakeSlowReader(v1::SlowReader slow, TopicSettingsPatch& settings) {
  switch (slow) {
    case v1::SLOW_READER_UNSPECIFIED:
      return absl::OkStatus();
    case v1::SLOW_READER_GAP:
      settings.slow_reader = TopicSettings::SlowReader::kGap;
      return absl::OkStatus();
    case v1::SLOW_READER_DISCONNECT:
      settings.slow_reader = TopicSettings::SlowReader::kDisconnect;
      return absl::OkStatus();
    default:
      return NoSuch("SlowReader", slow, "slow_reader");
  }
}

void SetEnd(const Entry& end, v1::Topic& proto) {
  SetTimestamp(end.time(), *proto.mutable_end_time());
  const auto& failure = end.end().failure;
  if (!failure.has_value()) {
    proto.set_state(v1::TOPIC_STATE_COMPLETED);
    return;
  }
  proto.set_state(v1::TOPIC_STATE_FAILED);
  proto.mutable_error()->set_code(failure->code);
  proto.mutable_error()->set_message(failure->message);
}

}  // namespace

absl::StatusOr<TopicSettings> ToSettings(const v1::TopicSettings& proto,
                                         const TopicSettings& defaults) {
  TopicSettingsPatch settings;
  if (proto.retention_events() != 0) {
    settings.retention_events = proto.retention_events();
  }
  if (proto.retention_bytes() != 0) {
    settings.retention_bytes = proto.retention_bytes();
  }
  if (proto.has_retention_age()) {
    auto status = TakeAge(proto.retention_age(), settings);
    if (!status.ok()) return AtField(std::move(status), "retention_age");
  }
  auto status = TakeStart(proto.default_start(), settings);
  if (!status.ok()) return status;
  status = TakeSlowReader(proto.slow_reader(), settings);
  if (!status.ok()) return status;
  if (proto.coalesce()) settings.coalesce = true;
  if (proto.omit_done_marker()) settings.omit_done_marker = true;
  return settings.Over(defaults);
}

v1::TopicSettings ToProto(const TopicSettings& settings) {
  v1::TopicSettings proto;
  proto.set_retention_events(settings.retention_events);
  proto.set_retention_bytes(settings.retention_bytes);
  SetDuration(settings.retention_age, *proto.mutable_retention_age());
  proto.set_default_start(settings.default_start ==
                                  TopicSettings::Start::kEarliest
                              ? v1::START_EARLIEST
                              : v1::START_LATEST);
  proto.set_slow_reader(settings.slow_reader == TopicSettings::SlowReader::kGap
                            ? v1::SLOW_READER_GAP
                            : v1::SLOW_READER_DISCONNECT);
  proto.set_coalesce(settings.coalesce);
  proto.set_omit_done_marker(settings.omit_done_marker);
  return proto;
}

v1::Topic ToProto(const std::string& topic, const TopicInfo& info,
                  const Epoch& epoch) {
  v1::Topic proto;
  proto.set_name(topic);
  proto.set_state(v1::TOPIC_STATE_OPEN);
  if (info.end != nullptr) SetEnd(*info.end, proto);
  *proto.mutable_settings() = ToProto(info.settings);
  if (info.first != 0) {
    proto.set_first_cursor(Cursor{epoch, info.first}.ToString());
  }
  if (info.last != 0) {
    proto.set_last_cursor(Cursor{epoch, info.last}.ToString());
  }
  proto.set_events(info.events);
  proto.set_bytes(info.bytes);
  SetTimestamp(info.create_time, *proto.mutable_create_time());
  return proto;
}

}  // namespace sluice
