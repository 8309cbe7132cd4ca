#include "bridge/net/request_reader.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sluice {
namespace {

// RFC 9110 5.6.2.
bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::string_view("!#$%&'*+-.^_`|~").find(c) !=
               absl::string_view::npos;
  });
}

// RFC 9110 5.5: visible bytes, space, tab and whatever is not ASCII.
bool IsFieldValue(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

// A name, an address or a bracketed IPv6 address, with or without a port.
bool IsHost(absl::string_view text) {
  absl::string_view name = text;
  const size_t bracket = text.rfind(']');
  const size_t colon = text.rfind(':');
  if (colon != absl::string_view::npos &&
      (bracket == absl::string_view::npos || colon > bracket)) {
    const absl::string_view port = text.substr(colon + 1);
    uint32_t number = 0;
    if (!port.empty() &&
        (port.size() > 5 || !absl::SimpleAtoi(port, &number) ||
         number > 65535 ||
         !absl::ascii_isdigit(static_cast<unsigned char>(port[0])))) {
      return false;
    }
    name = text.substr(0, colon);
  }
  const bool ipv6 =
      name.size() > 2 && name.front() == '[' && name.back() == ']';
  if (ipv6) name = name.substr(1, name.size() - 2);
  return !name.empty() && std::all_of(name.begin(), name.end(), [ipv6](char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (ipv6) return absl::ascii_isxdigit(byte) || c == ':' || c == '.';
    return absl::ascii_isalnum(byte) ||
           absl::string_view("-._~!$&'()*+,;=").find(c) !=
               absl::string_view::npos;
  });
}

}  // namespace

absl::optional<absl::string_view> RequestHead::Field(
    absl::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return absl::nullopt;
}

RequestReader::Progress RequestReader::Refuse(int http_status,
                                              std::string message) {
  refusal_ = {http_status, std::move(message)};
  return Progress::kRefused;
}

RequestReader::Progress RequestReader::Read(absl::string_view input) {
  while (true) {
    const size_t line_end = input.find('\n', seen_);
    const size_t seen =
        line_end == absl::string_view::npos ? input.size() : line_end + 1;
    const size_t limit =
        line_done_ ? kMaxHeadBytes : head_bytes_ + kMaxRequestLineBytes;
    // What lies beyond the limit may have come by now, or not: it changes
    // nothing.
    const absl::string_view fresh =
        input.substr(seen_, std::min(seen, limit) - seen_);
    // Another protocol's first bytes are answered at once, not at the deadline.
    const bool binary = std::any_of(fresh.begin(), fresh.end(), [this](char c) {
      return c == '\0' || (!line_done_ && c != '\r' && c != '\n' &&
                           absl::ascii_iscntrl(static_cast<unsigned char>(c)));
    });
    if (binary) return Refuse(400, "the head has control characters");
    if (seen > limit && !line_done_) {
      return Refuse(414, absl::StrCat("the request line is longer than ",
                                      kMaxRequestLineBytes, " bytes"));
    }
    if (seen > limit) {
      return Refuse(431, absl::StrCat("the head is larger than ", kMaxHeadBytes,
                                      " bytes"));
    }
    if (line_end == absl::string_view::npos) return Progress::kNeedMore;
    seen_ = seen;

    absl::string_view line = input.substr(head_bytes_, line_end - head_bytes_);
    if (line.empty() || line.back() != '\r')
      return Refuse(400, "a line ends without CR");
    line.remove_suffix(1);
    if (line.find('\r') != absl::string_view::npos)
      return Refuse(400, "a line has a bare CR");
    const bool first = head_bytes_ == 0;
    head_bytes_ = seen;
    if (!line_done_) {
      // One empty line before a request is forgiven (RFC 9112 2.2).
      if (line.empty() && first) continue;
      if (!ParseRequestLine(line)) return Progress::kRefused;
      line_done_ = true;
    } else if (line.empty()) {
      return CheckFields() ? Progress::kReady : Progress::kRefused;
    } else if (!ParseField(line)) {
      return Progress::kRefused;
    }
  }
}

bool RequestReader::ParseRequestLine(absl::string_view line) {
  const std::vector<absl::string_view> parts = absl::StrSplit(line, ' ');
  if (parts.size() != 3 || !IsToken(parts[0])) {
    Refuse(400, "the request line is not METHOD TARGET VERSION");
    return false;
  }
  if (parts[2] != "HTTP/1.1" && parts[2] != "HTTP/1.0") {
    Refuse(400, "the version is neither HTTP/1.1 nor HTTP/1.0");
    return false;
  }
  if (std::any_of(parts[0].begin(), parts[0].end(),
                  [](char c) { return absl::ascii_islower(c); })) {
    Refuse(501, "methods are written in capitals");
    return false;
  }
  absl::StatusOr<Target> target = ParseTarget(parts[1]);
  if (!target.ok()) {
    Refuse(absl::IsOutOfRange(target.status()) ? 414 : 400,
           std::string(target.status().message()));
    return false;
  }
  head_.method = std::string(parts[0]);
  head_.target = *std::move(target);
  head_.minor_version = parts[2].back() - '0';
  return true;
}

bool RequestReader::ParseField(absl::string_view line) {
  if (head_.fields.size() == kMaxFields) {
    Refuse(431, absl::StrCat("the head has more than ", kMaxFields, " fields"));
    return false;
  }
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos || !IsToken(line.substr(0, colon))) {
    Refuse(400, "a field is not NAME: VALUE on one line");
    return false;
  }
  std::string name = absl::AsciiStrToLower(line.substr(0, colon));
  absl::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
    value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t'))
    value.remove_suffix(1);
  // Browsers send back an id byte for byte, and an error status would stop them
  // for good.
  if (name != "last-event-id" && !IsFieldValue(value)) {
    Refuse(400, "a field has control characters");
    return false;
  }
  head_.fields.emplace_back(std::move(name), value);
  return true;
}

bool RequestReader::CheckFields() {
  size_t hosts = 0;
  size_t lengths = 0;
  size_t encodings = 0;
  uint64_t length = 0;
  bool close = false;
  bool keep_alive = false;
  for (const auto& [name, value] : head_.fields) {
    if (name == "host") {
      ++hosts;
      if (!IsHost(value)) {
        Refuse(400, "Host is not a host");
        return false;
      }
    } else if (name == "content-length") {
      ++lengths;
      const bool digits =
          !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
            return absl::ascii_isdigit(static_cast<unsigned char>(c));
          });
      if (!digits || !absl::SimpleAtoi(value, &length)) {
        Refuse(400, "Content-Length is not a number");
        return false;
      }
    } else if (name == "transfer-encoding") {
      ++encodings;
      if (!absl::EqualsIgnoreCase(value, "chunked")) {
        Refuse(400, "Transfer-Encoding is not chunked");
        return false;
      }
    } else if (name == "connection") {
      for (absl::string_view option : absl::StrSplit(value, ',')) {
        option = absl::StripAsciiWhitespace(option);
        close = close || absl::EqualsIgnoreCase(option, "close");
        keep_alive = keep_alive || absl::EqualsIgnoreCase(option, "keep-alive");
      }
    }
  }
  if (hosts > 1 || (hosts == 0 && head_.minor_version == 1)) {
    Refuse(400, "a request has one Host");
    return false;
  }
  if (lengths > 1 || encodings > 1 || lengths + encodings > 1 ||
      (encodings > 0 && head_.minor_version == 0)) {
    Refuse(400,
           "the length of the body is said twice, or in a way that HTTP/1.0 "
           "has not");
    return false;
  }
  head_.content_length = length;
  head_.chunked = encodings > 0;
  head_.keep_alive = !close && (head_.minor_version == 1 || keep_alive);
  if (head_.has_body() && (head_.method == "GET" || head_.method == "HEAD")) {
    Refuse(400, "a GET has no body");
    return false;
  }
  return true;
}

}  // namespace sluice
