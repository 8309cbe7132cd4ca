#include "bridge/http/responses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(ResponsesTest, AnErrorIsJsonOfOneShape) {
  httplib::Response response;
  SetError(response, 406, "INVALID_ARGUMENT", "say \"please\"\n");
  EXPECT_EQ(response.status, 406);
  EXPECT_EQ(response.body,
            "{\"error\":{\"code\":\"INVALID_ARGUMENT\","
            "\"message\":\"say \\\"please\\\"\\n\"}}\n");
  EXPECT_EQ(response.get_header_value("Content-Type"),
            "application/json; charset=utf-8");
}

TEST(ResponsesTest, AStatusCodeHasItsHttpStatusAndName) {
  const struct {
    absl::Status status;
    int http_status;
    const char* name;
  } kRows[] = {
      {absl::InvalidArgumentError("m"), 400, "INVALID_ARGUMENT"},
      {absl::UnauthenticatedError("m"), 401, "UNAUTHENTICATED"},
      {absl::PermissionDeniedError("m"), 403, "PERMISSION_DENIED"},
      {absl::NotFoundError("m"), 404, "NOT_FOUND"},
      {absl::FailedPreconditionError("m"), 409, "FAILED_PRECONDITION"},
      {absl::ResourceExhaustedError("m"), 429, "RESOURCE_EXHAUSTED"},
      {absl::UnavailableError("m"), 503, "UNAVAILABLE"},
  };
  for (const auto& row : kRows) {
    httplib::Response response;
    SetError(response, row.status);
    EXPECT_EQ(response.status, row.http_status);
    EXPECT_THAT(response.body, HasSubstr(row.name));
  }
}

TEST(ResponsesTest, ARefusalIsAWholeResponseThatClosesTheConnection) {
  for (int status : {400, 408, 414, 431, 501}) {
    const std::string response = RefusalResponse({status, "no\r\nX: y"}, {});
    EXPECT_THAT(response,
                StartsWith("HTTP/1.1 " + std::to_string(status) + " "));
    EXPECT_THAT(response, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(response, HasSubstr("\r\nVary: Origin\r\n"));
    EXPECT_THAT(response, Not(HasSubstr("event-stream")));
    EXPECT_THAT(response, Not(HasSubstr("\r\nX: y")));
    const size_t body = response.find("\r\n\r\n") + 4;
    EXPECT_THAT(response,
                HasSubstr("\r\nContent-Length: " +
                          std::to_string(response.size() - body) + "\r\n"));
    EXPECT_THAT(response, EndsWith("}}\n"));
  }
}

}  // namespace
}  // namespace sluice
