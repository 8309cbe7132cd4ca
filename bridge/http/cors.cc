#include "bridge/http/cors.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace sluice {
namespace {

bool IsListed(absl::string_view origin, const HttpOptions& options) {
  const auto& listed = options.cors_origins;
  return std::find(listed.begin(), listed.end(), origin) != listed.end();
}

}  // namespace

absl::optional<absl::string_view> ListedOrigin(const RequestHead& request,
                                               const HttpOptions& options) {
  const auto origin = request.Field("origin");
  return origin && IsListed(*origin, options) ? origin : absl::nullopt;
}

void AddCors(const RequestHead& request, const HttpOptions& options,
             httplib::Response& response) {
  response.set_header("Vary", "Origin");
  const auto origin = ListedOrigin(request, options);
  if (!origin) return;
  response.set_header("Access-Control-Allow-Origin", std::string(*origin));
  response.set_header("Access-Control-Allow-Credentials", "true");
}

void AnswerPreflight(const RequestHead& request, const HttpOptions& options,
                     httplib::Response& response) {
  constexpr char kMethods[] = "GET, HEAD, POST, DELETE, OPTIONS";
  response.status = 204;
  response.set_header("Allow", kMethods);
  if (!ListedOrigin(request, options)) return;
  response.set_header("Access-Control-Allow-Methods", kMethods);
  response.set_header("Access-Control-Allow-Headers",
                      "authorization, cache-control, content-type, "
                      "last-event-id, sluice-event-id, sluice-event-type");
  response.set_header("Access-Control-Max-Age", "86400");
}

bool OriginMayChange(const RequestHead& request, const HttpOptions& options) {
  const auto origin = request.Field("origin");
  if (!origin || IsListed(*origin, options)) return true;
  const size_t scheme = origin->find("://");
  return scheme != absl::string_view::npos &&
         absl::EqualsIgnoreCase(origin->substr(scheme + 3),
                                request.Field("host").value_or(""));
}

}  // namespace sluice
