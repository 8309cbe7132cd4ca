#include "clients/cli/status_text.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/unknown_field_set.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "bridge/base/error_table.h"
#include "bridge/event/event_rules.h"

namespace sluice {
namespace {

// Calls `visit(number, bytes)` for each length-delimited field of a serialized
// message. Debian has no google/rpc protos; to a message without fields, all of
// theirs are unknown ones, which protobuf keeps.
template <typename Visit>
void ForEachBytesField(const std::string& message, Visit visit) {
  google::protobuf::Empty empty;
  if (!empty.ParseFromString(message)) return;
  const auto& fields = empty.GetReflection()->GetUnknownFields(empty);
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto& field = fields.field(i);
    if (field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) {
      visit(field.number(), field.length_delimited());
    }
  }
}

constexpr int kStatusDetails = 3;
constexpr int kBadRequestViolations = 1;
constexpr int kViolationField = 1;
constexpr int kViolationDescription = 2;

FieldViolation ParseViolation(const std::string& message) {
  FieldViolation violation;
  ForEachBytesField(message, [&](int number, const std::string& bytes) {
    if (number == kViolationField) violation.field = bytes;
    if (number == kViolationDescription) violation.description = bytes;
  });
  return violation;
}

// How gRPC 1.51 words a call that found no connection; a connection lost later
// is worded otherwise.
bool NeverConnected(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE &&
         (absl::StrContains(status.error_message(),
                            "failed to connect to all addresses") ||
          absl::StrContains(status.error_message(), "DNS resolution failed") ||
          absl::StrContains(status.error_message(),
                            "connections to all backends failing"));
}

// The operating system's part of gRPC's nested message, e.g. `Connection
// refused`.
absl::string_view Innermost(absl::string_view message) {
  const auto colon = message.rfind(": ");
  return colon == absl::string_view::npos ? message : message.substr(colon + 2);
}

}  // namespace

std::string CodeName(int code) { return std::string(ErrorRowOf(code).name); }

absl::optional<int> ParseFailureCode(absl::string_view name_or_number) {
  int number = 0;
  if (absl::SimpleAtoi(name_or_number, &number)) {
    if (!CheckFailureCode(number).ok()) return absl::nullopt;
    return number;
  }
  const ErrorRow* row = FindErrorRow(absl::AsciiStrToUpper(name_or_number));
  if (row == nullptr || !CheckFailureCode(static_cast<int>(row->code)).ok()) {
    return absl::nullopt;
  }
  return static_cast<int>(row->code);
}

std::vector<FieldViolation> FieldViolations(const grpc::Status& status) {
  std::vector<FieldViolation> violations;
  ForEachBytesField(
      status.error_details(), [&](int number, const std::string& detail) {
        google::protobuf::Any any;
        if (number != kStatusDetails || !any.ParseFromString(detail)) return;
        if (!absl::EndsWith(any.type_url(), "/google.rpc.BadRequest")) return;
        ForEachBytesField(any.value(),
                          [&](int field, const std::string& violation) {
                            if (field == kBadRequestViolations)
                              violations.push_back(ParseViolation(violation));
                          });
      });
  return violations;
}

std::string Describe(const grpc::Status& status, absl::string_view target) {
  if (NeverConnected(status)) {
    return absl::StrCat("can't reach the bridge at ", target,
                        " (gRPC): ", Innermost(status.error_message()),
                        "; is it running? --grpc or SLUICE_GRPC says where");
  }
  std::string text =
      absl::StrCat(CodeName(status.error_code()), ": ", status.error_message());
  for (const FieldViolation& violation : FieldViolations(status)) {
    absl::StrAppend(&text, " (", violation.field);
    if (!violation.description.empty() &&
        violation.description != status.error_message()) {
      absl::StrAppend(&text, ": ", violation.description);
    }
    absl::StrAppend(&text, ")");
  }
  return text;
}

}  // namespace sluice
