#include "bridge/grpc/status_detail.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "bridge/grpc/rpc_status.pb.h"

namespace sluice {
namespace {

constexpr absl::string_view kFieldUrl = "sluice/field";
constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";

std::string BadRequestDetail(const absl::Status& status,
                             const std::string& message,
                             const std::string& field) {
  internal::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field(field);
  violation->set_description(std::string(status.message()));

  internal::RpcStatus rpc_status;
  rpc_status.set_code(static_cast<int>(status.code()));
  rpc_status.set_message(message);
  auto* detail = rpc_status.add_details();
  detail->set_type_url(kBadRequestUrl);
  detail->set_value(bad_request.SerializeAsString());
  return rpc_status.SerializeAsString();
}

}  // namespace

absl::Status AtField(absl::Status status, absl::string_view field) {
  if (status.ok()) return status;
  const std::string inner = FieldOf(status);
  status.SetPayload(
      kFieldUrl, absl::Cord(inner.empty() ? std::string(field)
                                          : absl::StrCat(field, ".", inner)));
  return status;
}

std::string FieldOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kFieldUrl);
  return payload.has_value() ? std::string(*payload) : std::string();
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string field = FieldOf(status);
  const std::string message = field.empty()
                                  ? std::string(status.message())
                                  : absl::StrCat(field, ": ", status.message());
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message,
                      absl::IsInvalidArgument(status) && !field.empty()
                          ? BadRequestDetail(status, message, field)
                          : std::string());
}

}  // namespace sluice
