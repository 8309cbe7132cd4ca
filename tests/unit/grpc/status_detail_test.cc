#include "bridge/grpc/status_detail.h"

#include <gtest/gtest.h>

#include "bridge/grpc/rpc_status.pb.h"

namespace sluice {
namespace {

TEST(StatusDetail, FieldsNest) {
  const absl::Status status =
      AtField(AtField(absl::InvalidArgumentError("bad"), "id"), "events[5]");
  EXPECT_EQ(FieldOf(status), "events[5].id");
  EXPECT_EQ(FieldOf(absl::InvalidArgumentError("bad")), "");
}

TEST(StatusDetail, OkHasNoField) {
  EXPECT_TRUE(AtField(absl::OkStatus(), "id").ok());
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
}

TEST(StatusDetail, CodesKeepTheirNumber) {
  for (int code = 1; code <= 16; ++code) {
    const auto status =
        ToGrpcStatus(absl::Status(static_cast<absl::StatusCode>(code), "why"));
    EXPECT_EQ(status.error_code(), code);
    EXPECT_EQ(status.error_message(), "why");
    EXPECT_EQ(status.error_details(), "");
  }
}

TEST(StatusDetail, InvalidArgumentCarriesABadRequest) {
  const auto status = ToGrpcStatus(
      AtField(absl::InvalidArgumentError("an id is short"), "events[5].id"));
  EXPECT_EQ(status.error_message(), "events[5].id: an id is short");

  internal::RpcStatus rpc_status;
  ASSERT_TRUE(rpc_status.ParseFromString(status.error_details()));
  EXPECT_EQ(rpc_status.code(), 3);
  EXPECT_EQ(rpc_status.message(), status.error_message());
  ASSERT_EQ(rpc_status.details_size(), 1);
  EXPECT_EQ(rpc_status.details(0).type_url(),
            "type.googleapis.com/google.rpc.BadRequest");
  internal::BadRequest bad_request;
  ASSERT_TRUE(bad_request.ParseFromString(rpc_status.details(0).value()));
  ASSERT_EQ(bad_request.field_violations_size(), 1);
  EXPECT_EQ(bad_request.field_violations(0).field(), "events[5].id");
  EXPECT_EQ(bad_request.field_violations(0).description(), "an id is short");
}

TEST(StatusDetail, OtherErrorsNameTheFieldInTheirSentenceOnly) {
  const auto status = ToGrpcStatus(
      AtField(absl::ResourceExhaustedError("too large"), "requests[1]"));
  EXPECT_EQ(status.error_message(), "requests[1]: too large");
  EXPECT_EQ(status.error_details(), "");
}

}  // namespace
}  // namespace sluice
