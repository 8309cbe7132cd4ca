#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "bridge/grpc/message_types.h"
#include "bridge/store/store.h"
#include "sluice/v1/publisher_service.pb.h"

namespace sluice {

// One publishing request, checked, ready for the store but for the lease.
struct ParsedRequest {
  Store::AppendRequest append;
  absl::optional<bool> fail_on_abort;  // empty: the request does not say
};

// More events in one request are refused. On the wire an event may be two
// bytes, in memory it is hundreds.
inline constexpr size_t kMaxRequestEvents = 10000;

// Turns the bytes of one call's requests into what the store takes. The three
// publishing methods have the same fields with the same numbers, and so one
// parser. A request is whole: it parses to the last rule, or not at all.
//
// Thread safety: one request at a time.
class RequestParser {
 public:
  // `max_event_bytes`: payload + id + type. `message_types`: what events may
  // carry as `message`; null: nothing.
  explicit RequestParser(
      size_t max_event_bytes,
      std::shared_ptr<const MessageTypes> message_types = nullptr)
      : max_event_bytes_(max_event_bytes),
        message_types_(std::move(message_types)) {}

  // The next request of the call. InvalidArgument if it breaks a rule,
  // ResourceExhausted for too many events or one that is too large; both know
  // the field (FieldOf), which begins with `requests[N]`. The call is over
  // then.
  absl::StatusOr<ParsedRequest> Parse(const grpc::ByteBuffer& bytes);

 private:
  absl::StatusOr<ParsedRequest> ParseOne(const grpc::ByteBuffer& bytes);

  const size_t max_event_bytes_;
  const std::shared_ptr<const MessageTypes> message_types_;
  uint64_t requests_ = 0;       // how many came before
  std::string topic_;           // of the request before
  v1::PublishRequest request_;  // kept for its memory
};

}  // namespace sluice
