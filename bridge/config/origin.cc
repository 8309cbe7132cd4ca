#include "bridge/config/origin.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "bridge/config/host_port.h"

namespace sluice {
namespace {

bool IsScheme(absl::string_view text) {
  if (text.empty() || !absl::ascii_islower(static_cast<unsigned char>(text[0])))
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' ||
           c == '-' || c == '.';
  });
}

}  // namespace

bool IsOrigin(absl::string_view text) {
  if (absl::AsciiStrToLower(text) != text) return false;
  const size_t end = text.find("://");
  if (end == absl::string_view::npos) return false;
  const absl::string_view scheme = text.substr(0, end);
  const absl::string_view host = text.substr(end + 3);
  if (!IsScheme(scheme)) return false;

  if (const auto bare = ParseHostPort(absl::StrCat(host, ":1")); bare.ok())
    return !bare->host.empty();
  const absl::StatusOr<HostPort> parsed = ParseHostPort(host);
  if (!parsed.ok() || parsed->host.empty() || parsed->ToString() != host)
    return false;
  return parsed->port != 0 && !(scheme == "http" && parsed->port == 80) &&
         !(scheme == "https" && parsed->port == 443);
}

}  // namespace sluice
