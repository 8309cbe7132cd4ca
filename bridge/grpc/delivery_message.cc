#include "bridge/grpc/delivery_message.h"

#include <algorithm>

#include "bridge/grpc/proto_time.h"

namespace sluice {
namespace {

v1::GapReason ToProto(GapReason reason) {
  switch (reason) {
    case GapReason::kTrimmed:
      return v1::GAP_REASON_TRIMMED;
    case GapReason::kUnknownId:
      return v1::GAP_REASON_UNKNOWN_ID;
    case GapReason::kEpochChanged:
      return v1::GAP_REASON_EPOCH_CHANGED;
    case GapReason::kGone:
      return v1::GAP_REASON_GONE;
  }
  return v1::GAP_REASON_UNSPECIFIED;
}

}  // namespace

v1::Delivery ToDelivery(const Entry& event, const Epoch& epoch) {
  v1::Delivery delivery;
  delivery.set_topic(std::string(event.topic()));
  delivery.set_cursor(Cursor{epoch, event.offset()}.ToString());
  v1::Event& proto = *delivery.mutable_event();
  proto.set_id(std::string(event.id()));
  proto.set_type(std::string(event.type()));
  proto.set_text(std::string(event.data()));
  if (event.retry_ms() != 0)
    SetDuration(absl::Milliseconds(event.retry_ms()), *proto.mutable_retry());
  SetTimestamp(event.time(), *delivery.mutable_time());
  delivery.set_json(event.json());
  return delivery;
}

v1::Gap ToProto(const Gap& gap, const std::vector<std::string>& topics,
                const Epoch& epoch) {
  v1::Gap proto;
  proto.set_requested(gap.requested);
  proto.set_resumed(Cursor{epoch, gap.resumed}.ToString());
  proto.set_reason(ToProto(gap.reason));
  const size_t named = std::min(topics.size(), kMaxGapTopics);
  for (size_t i = 0; i < named; ++i) proto.add_topics(topics[i]);
  return proto;
}

v1::Error ToProto(const Failure& failure) {
  v1::Error proto;
  proto.set_code(failure.code);
  proto.set_message(failure.message);
  return proto;
}

}  // namespace sluice
