#include "bridge/http/responses.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "bridge/base/error_table.h"
#include "bridge/base/json.h"

namespace sluice {
namespace {

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
    {413, "Content Too Large", "RESOURCE_EXHAUSTED"},
    {414, "URI Too Long", "INVALID_ARGUMENT"},
    {431, "Request Header Fields Too Large", "RESOURCE_EXHAUSTED"},
    {501, "Not Implemented", "UNIMPLEMENTED"},
    {503, "Service Unavailable", "UNAVAILABLE"},
};

const Refused& RowOf(int http_status) {
  const auto* row = std::find_if(
      std::begin(kRefused), std::end(kRefused),
      [http_status](const Refused& r) { return r.http_status == http_status; });
  return row == std::end(kRefused) ? kRefused[0] : *row;
}

}  // namespace

void SetError(httplib::Response& response, int http_status,
              absl::string_view code, absl::string_view message) {
  response.status = http_status;
  response.set_content(ErrorBody(code, message), kJsonType);
}

void SetError(httplib::Response& response, const absl::Status& status) {
  const ErrorRow& row = ErrorRowOf(status.code());
  SetError(response, row.http_status, row.name, status.message());
}

void SetRefusal(httplib::Response& response,
                const RequestReader::Refusal& refusal) {
  const Refused& refused = RowOf(refusal.http_status);
  SetError(response, refused.http_status, refused.code, refusal.message);
  if (refused.http_status == 503) response.set_header("Retry-After", "1");
}

absl::Status NotThere(absl::string_view topic) {
  return absl::NotFoundError(absl::StrCat("topic ", topic, " is not there"));
}

std::string RefusalResponse(const RequestReader::Refusal& refusal,
                            absl::optional<absl::string_view> origin) {
  const Refused& refused = RowOf(refusal.http_status);
  const std::string body = ErrorBody(refused.code, refusal.message);
  std::string cors = "Vary: Origin\r\n";
  if (origin) {
    absl::StrAppend(&cors, "Access-Control-Allow-Origin: ", *origin,
                    "\r\nAccess-Control-Allow-Credentials: true\r\n");
  }
  return absl::StrCat("HTTP/1.1 ", refused.http_status, " ", refused.reason,
                      "\r\nConnection: close\r\nContent-Length: ", body.size(),
                      "\r\nContent-Type: ", kJsonType, "\r\n", cors, "\r\n",
                      body);
}

}  // namespace sluice
