#include "sluice/internal/refusal.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "sluice/internal/error.pb.h"
#include "sluice/internal/sender.h"

namespace sluice::internal {
namespace {

TEST(RefusalTest, AStatusCarriesWhatWasRefused) {
  PublishError error{3, 2, 7, {{"requests[1]", "too large", "a", Text("x")}}};
  error.violations.push_back({"requests[2]", "empty", "b", std::nullopt});
  const absl::Status status =
      MakeRefusal(absl::StatusCode::kInvalidArgument, "bad", error);
  EXPECT_EQ(status.message(),
            "bad; requests[1]: too large; requests[2]: empty");
  const absl::Status copy = status;
  const auto got = PublishErrorOf(copy);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->accepted, 3u);
  EXPECT_EQ(got->duplicates, 2u);
  EXPECT_EQ(got->unacknowledged, 7u);
  ASSERT_EQ(got->violations.size(), 2u);
  EXPECT_EQ(got->violations[0].field, "requests[1]");
  EXPECT_EQ(got->violations[0].description, "too large");
  EXPECT_EQ(got->violations[0].topic, "a");
  EXPECT_EQ(got->violations[0].event->text(), "x");
  EXPECT_FALSE(got->violations[1].event.has_value());
}

TEST(RefusalTest, OtherStatusesCarryNothing) {
  EXPECT_FALSE(PublishErrorOf(absl::OkStatus()).has_value());
  EXPECT_FALSE(PublishErrorOf(absl::InvalidArgumentError("x")).has_value());
}

TEST(RefusalTest, FieldsAreReadFromABadRequest) {
  client::BadRequest bad;
  bad.add_field_violations()->set_field("requests[0].topic");
  bad.mutable_field_violations(0)->set_description("empty");
  client::RpcStatus details;
  details.add_details()->set_type_url("type.googleapis.com/google.rpc.Help");
  auto& detail = *details.add_details();
  detail.set_type_url("type.googleapis.com/google.rpc.BadRequest");
  detail.set_value(bad.SerializeAsString());
  const auto found = ViolationsIn(
      grpc::Status(grpc::INVALID_ARGUMENT, "bad", details.SerializeAsString()));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].field, "requests[0].topic");
  EXPECT_EQ(found[0].description, "empty");
}

TEST(RefusalTest, DetailsThatAreNoneAreNoViolations) {
  for (const char* details : {"", "\xFF\xFF\xFF", "plain text"}) {
    EXPECT_TRUE(
        ViolationsIn(grpc::Status(grpc::INVALID_ARGUMENT, "bad", details))
            .empty());
  }
}

TEST(RefusalTest, MetadataThatGrpcWouldAbortForIsRefused) {
  grpc::ClientContext context;
  EXPECT_TRUE(
      AddMetadata({{"authorization", "Bearer x"}, {"a-bin", "\n"}}, context)
          .ok());
  for (const auto& [key, value] :
       Metadata{{"Upper", "x"}, {"", "x"}, {"a b", "x"}, {"a", "x\ny"}}) {
    EXPECT_EQ(AddMetadata({{key, value}}, context).code(),
              absl::StatusCode::kInvalidArgument)
        << key;
  }
}

TEST(DelayTest, DelaysGrowToFiveSeconds) {
  using std::chrono::milliseconds;
  for (const auto& [failures, longest] :
       {std::pair(0, 100), {1, 200}, {5, 3200}, {6, 5000}, {1000000, 5000}}) {
    EXPECT_EQ(DelayAfter(failures, 0), milliseconds(longest) / 2);
    EXPECT_LE(DelayAfter(failures, 0.999), milliseconds(longest));
    EXPECT_GE(DelayAfter(failures, 0.999), milliseconds(longest) * 99 / 100);
  }
}

}  // namespace
}  // namespace sluice::internal
