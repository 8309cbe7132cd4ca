#include "bridge/base/error_table.h"

#include <iterator>

namespace sluice {
namespace {

constexpr ErrorRow kRows[] = {
    {absl::StatusCode::kOk, "OK", 200},
    {absl::StatusCode::kCancelled, "CANCELLED", 499},
    {absl::StatusCode::kUnknown, "UNKNOWN", 500},
    {absl::StatusCode::kInvalidArgument, "INVALID_ARGUMENT", 400},
    {absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", 504},
    {absl::StatusCode::kNotFound, "NOT_FOUND", 404},
    {absl::StatusCode::kAlreadyExists, "ALREADY_EXISTS", 409},
    {absl::StatusCode::kPermissionDenied, "PERMISSION_DENIED", 403},
    {absl::StatusCode::kResourceExhausted, "RESOURCE_EXHAUSTED", 429},
    {absl::StatusCode::kFailedPrecondition, "FAILED_PRECONDITION", 409},
    {absl::StatusCode::kAborted, "ABORTED", 409},
    {absl::StatusCode::kOutOfRange, "OUT_OF_RANGE", 400},
    {absl::StatusCode::kUnimplemented, "UNIMPLEMENTED", 501},
    {absl::StatusCode::kInternal, "INTERNAL", 500},
    {absl::StatusCode::kUnavailable, "UNAVAILABLE", 503},
    {absl::StatusCode::kDataLoss, "DATA_LOSS", 500},
    {absl::StatusCode::kUnauthenticated, "UNAUTHENTICATED", 401},
};

}  // namespace

const ErrorRow& ErrorRowOf(int code) {
  if (code < 0 || code >= static_cast<int>(std::size(kRows))) {
    return ErrorRowOf(absl::StatusCode::kUnknown);
  }
  return kRows[code];
}

const ErrorRow& ErrorRowOf(absl::StatusCode code) {
  return ErrorRowOf(static_cast<int>(code));
}

const ErrorRow* FindErrorRow(absl::string_view name) {
  for (const ErrorRow& row : kRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace sluice
