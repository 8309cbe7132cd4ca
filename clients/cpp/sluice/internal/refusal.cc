#include "sluice/internal/refusal.h"

#include <grpc/grpc.h>
#include <grpc/slice.h>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sluice/internal/error.pb.h"

namespace sluice {
namespace {

constexpr char kPayloadUrl[] = "type.googleapis.com/sluice.client.PublishError";

// Lives as long as the text that it shows.
grpc_slice Show(const std::string& text) {
  return grpc_slice_from_static_buffer(text.data(), text.size());
}

bool IsLegal(const std::string& key, const std::string& value) {
  if (grpc_header_key_is_legal(Show(key)) == 0) return false;
  return grpc_is_binary_header(Show(key)) != 0 ||
         grpc_header_nonbin_value_is_legal(Show(value)) != 0;
}

}  // namespace

std::optional<PublishError> PublishErrorOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  client::PublishError wire;
  if (!payload || !wire.ParseFromString(std::string(*payload))) {
    return std::nullopt;
  }
  PublishError error{
      wire.accepted(), wire.duplicates(), wire.unacknowledged(), {}};
  for (const auto& violation : wire.violations()) {
    error.violations.push_back(
        {violation.field(), violation.description(), violation.topic(), {}});
    if (violation.has_event())
      error.violations.back().event = violation.event();
  }
  return error;
}

namespace internal {

absl::Status MakeRefusal(absl::StatusCode code, const std::string& message,
                         const PublishError& error) {
  client::PublishError wire;
  wire.set_accepted(error.accepted);
  wire.set_duplicates(error.duplicates);
  wire.set_unacknowledged(error.unacknowledged);
  std::string text = message;
  for (const Violation& violation : error.violations) {
    absl::StrAppend(&text, "; ", violation.field, ": ", violation.description);
    auto& added = *wire.add_violations();
    added.set_field(violation.field);
    added.set_description(violation.description);
    added.set_topic(violation.topic);
    if (violation.event) *added.mutable_event() = *violation.event;
  }
  absl::Status status(code, text);
  status.SetPayload(kPayloadUrl, absl::Cord(wire.SerializeAsString()));
  return status;
}

std::vector<Violation> ViolationsIn(const grpc::Status& status) {
  std::vector<Violation> found;
  client::RpcStatus details;
  if (!details.ParseFromString(status.error_details())) return found;
  for (const auto& detail : details.details()) {
    client::BadRequest bad;
    if (!absl::EndsWith(detail.type_url(), "/google.rpc.BadRequest") ||
        !bad.ParseFromString(std::string(detail.value()))) {
      continue;
    }
    for (const auto& each : bad.field_violations()) {
      found.push_back({each.field(), each.description(), {}, {}});
    }
  }
  return found;
}

std::uint64_t AcceptedIn(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find("sluice-accepted");
  std::uint64_t accepted = 0;
  if (found == trailers.end() ||
      !absl::SimpleAtoi(std::string(found->second.data(), found->second.size()),
                        &accepted)) {
    return 0;
  }
  return accepted;
}

absl::Status AddMetadata(const Metadata& metadata,
                         grpc::ClientContext& context) {
  for (const auto& [key, value] : metadata) {
    if (!IsLegal(key, value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the metadata `", key, "` is not legal in HTTP/2"));
    }
    context.AddMetadata(key, value);
  }
  return absl::OkStatus();
}

}  // namespace internal
}  // namespace sluice
