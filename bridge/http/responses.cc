#include "bridge/http/responses.h"

#include "absl/strings/str_cat.h"
#include "bridge/base/error_table.h"
#include "bridge/base/json.h"

namespace sluice {
namespace {

constexpr char kJson[] = "application/json; charset=utf-8";

std::string ErrorBody(absl::string_view code, absl::string_view message) {
  return absl::StrCat("{\"error\":{\"code\":", JsonString(code),
                      ",\"message\":", JsonString(message), "}}\n");
}

struct Refused {
  int http_status;
  absl::string_view reason;
  absl::string_view code;
};

constexpr Refused kRefused[] = {
    {400, "Bad Request", "INVALID_ARGUMENT"},
    {408, "Request Timeout", "DEADLINE_EXCEEDED"},
    {414, "URI Too Long", "INVALID_ARGUMENT"},
    {431, "Request Header Fields Too Large", "RESOURCE_EXHAUSTED"},
    {501, "Not Implemented", "UNIMPLEMENTED"},
};

}  // namespace

void SetError(httplib::Response& response, int http_status,
              absl::string_view code, absl::string_view message) {
  response.status = http_status;
  response.set_content(ErrorBody(code, message), kJson);
}

void SetError(httplib::Response& response, const absl::Status& status) {
  const ErrorRow& row = ErrorRowOf(status.code());
  SetError(response, row.http_status, row.name, status.message());
}

std::string RefusalResponse(int http_status, absl::string_view message) {
  Refused refused = kRefused[0];
  for (const Refused& row : kRefused) {
    if (row.http_status == http_status) refused = row;
  }
  const std::string body = ErrorBody(refused.code, message);
  return absl::StrCat("HTTP/1.1 ", refused.http_status, " ", refused.reason,
                      "\r\nConnection: close\r\nContent-Length: ", body.size(),
                      "\r\nContent-Type: ", kJson, "\r\nVary: Origin\r\n\r\n",
                      body);
}

}  // namespace sluice
