#include "tests/fuzz/http_reference.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "tests/fuzz/require.h"

namespace sluice {
namespace {

// Takes `count` bytes off `bytes` and onto `body`; false if some are missing.
bool Take(std::string& bytes, size_t count, std::string& body) {
  const size_t taken = std::min(count, bytes.size());
  body += bytes.substr(0, taken);
  bytes.erase(0, taken);
  return taken == count;
}

// False: cut off.
bool TakeChunks(std::string& bytes, std::string& body) {
  while (true) {
    const size_t line_end = bytes.find("\r\n");
    const std::string line = bytes.substr(0, line_end);
    Require(line.size() <= 8 && line.find_first_not_of("0123456789abcdef\r") ==
                                    std::string::npos,
            "a chunk begins with its size");
    if (line_end == std::string::npos) return false;
    Require(!line.empty(), "a chunk has a size");
    const size_t size = std::strtoul(line.c_str(), nullptr, 16);
    bytes.erase(0, line_end + 2);
    if (!Take(bytes, size, body)) return false;
    const std::string end = bytes.substr(0, 2);
    Require(std::string("\r\n").rfind(end, 0) == 0, "a chunk ends in CRLF");
    if (end.size() < 2) return false;
    bytes.erase(0, 2);
    if (size == 0) return true;
  }
}

void ReadHead(const std::string& head, SeenResponse& response) {
  static const std::regex kStatus("HTTP/1\\.1 ([2-5][0-9][0-9]) [ -~]*");
  static const std::regex kField(
      "([!#-'*+.0-9A-Z^-z|~-]+): ([ -~\\x80-\\xff]*)");
  const std::vector<std::string> lines = absl::StrSplit(head, "\r\n");
  std::smatch parts;
  Require(std::regex_match(lines[0], parts, kStatus),
          "a response begins with a status line");
  response.status = std::stoi(parts[1]);
  for (size_t i = 1; i < lines.size(); ++i) {
    Require(std::regex_match(lines[i], parts, kField),
            "a line of a head is a field");
    std::string name = absl::AsciiStrToLower(parts[1].str());
    Require(name == "vary" || response.Field(name).empty(),
            "a field comes once");
    response.fields.emplace_back(std::move(name), parts[2]);
  }
}

void ReadBody(std::string& bytes, bool to_head, SeenResponse& response) {
  const std::string length = response.Field("content-length");
  const std::string encoding = response.Field("transfer-encoding");
  Require(length.empty() || encoding.empty(), "a body's length is said once");
  if (response.status == 204) {
    Require(length.empty() && encoding.empty(), "a 204 has no body");
  }
  if (response.status == 204 || to_head) {
    response.whole = true;
  } else if (!length.empty()) {
    response.whole = Take(bytes, std::stoul(length), response.body);
  } else if (!encoding.empty()) {
    Require(encoding == "chunked", "the only coding is chunked");
    response.stream = true;
    response.whole = TakeChunks(bytes, response.body);
  } else {
    Require(response.Field("connection") == "close",
            "what a close ends says that it closes");
    response.stream = true;
    Take(bytes, bytes.size(), response.body);
  }
}

}  // namespace

std::string SeenResponse::Field(const std::string& name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return "";
}

std::vector<SeenResponse> ReadResponses(
    std::string bytes, const std::vector<std::string>& methods) {
  std::vector<SeenResponse> responses;
  while (!bytes.empty()) {
    Require(
        responses.empty() || (responses.back().whole &&
                              responses.back().Field("connection") != "close"),
        "nothing follows the last response");
    Require(responses.size() <= methods.size(), "a request has one response");
    const size_t head_end = bytes.find("\r\n\r\n");
    if (head_end == std::string::npos) {
      responses.emplace_back();
      break;
    }
    const bool to_head = responses.size() < methods.size() &&
                         methods[responses.size()] == "HEAD";
    responses.emplace_back();
    ReadHead(bytes.substr(0, head_end), responses.back());
    bytes.erase(0, head_end + 4);
    ReadBody(bytes, to_head, responses.back());
  }
  return responses;
}

}  // namespace sluice
