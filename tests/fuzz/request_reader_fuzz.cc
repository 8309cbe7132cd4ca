// Heads of requests in pieces (pieces.h): where they are cut changes nothing,
// and what is taken for a head is one, line by line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "bridge/net/request_reader.h"
#include "tests/fuzz/pieces.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/utf8_reference.h"

namespace sluice {
namespace {

using Progress = RequestReader::Progress;

// Reads the first `size` bytes, which lie in memory of that size, so that a
// look beyond them is seen.
Progress ReadFirst(RequestReader& reader, absl::string_view bytes,
                   size_t size) {
  const std::unique_ptr<char[]> exact(new char[size]);
  if (size > 0) std::memcpy(exact.get(), bytes.data(), size);
  return reader.Read({exact.get(), size});
}

// Escaped to the last byte.
std::string Escaped(const std::string& text) {
  std::string escaped;
  for (char c : text) {
    absl::StrAppend(&escaped, "%",
                    absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2));
  }
  return escaped;
}

void RequireSameTarget(const Target& target, const std::string& text) {
  const absl::StatusOr<Target> read = ParseTarget(text);
  Require(read.ok() && read->segments == target.segments &&
              read->query == target.query,
          "the same path and query are read however they are written");
}

void CheckTarget(const Target& target, const std::string& text) {
  RequireSameTarget(target, text);
  size_t path_bytes = 0;
  std::string escaped;
  for (const std::string& segment : target.segments) {
    Require(DecodesAsUtf8(segment), "a path is UTF-8");
    Require(segment.find('\0') == std::string::npos &&
                segment.find('/') == std::string::npos,
            "a segment has neither a slash nor U+0000");
    path_bytes += 1 + segment.size();
    absl::StrAppend(&escaped, "/", Escaped(segment));
  }
  Require(path_bytes <= 1024, "a path keeps its limit");
  Require(target.segments.empty() == (text == "*"), "only `*` has no path");
  if (target.segments.empty()) return;
  absl::string_view separator = "?";
  for (const auto& [name, value] : target.query) {
    Require(DecodesAsUtf8(name) && DecodesAsUtf8(value), "a query is UTF-8");
    absl::StrAppend(&escaped, separator, Escaped(name), "=", Escaped(value));
    separator = "&";
  }
  RequireSameTarget(target, escaped);
  Require(text.find('%') != std::string::npos ||
              text.find('+') != std::string::npos ||
              absl::StrContains(
                  text, absl::StrCat("/", absl::StrJoin(target.segments, "/"))),
          "a path without escapes is the one that was sent");
}

void CheckField(const std::string& name, const std::string& value) {
  Require(name == absl::AsciiStrToLower(name), "a name is in lower case");
  for (char c : value) {
    Require(c != '\r' && c != '\n' && c != '\0',
            "a value has no CR, LF or NUL");
    Require(c == '\t' || !absl::ascii_iscntrl(static_cast<uint8_t>(c)) ||
                name == "last-event-id",
            "only Last-Event-ID may have controls");
  }
}

size_t CountFields(const RequestHead& head, absl::string_view name) {
  return static_cast<size_t>(
      std::count_if(head.fields.begin(), head.fields.end(),
                    [name](const auto& field) { return field.first == name; }));
}

// `raw` are the bytes that were taken for the head.
void CheckHead(const RequestHead& head, absl::string_view raw) {
  Require(raw.size() <= 16 << 10, "a head keeps its limit");
  if (absl::StartsWith(raw, "\r\n")) raw.remove_prefix(2);
  Require(raw.find("\r\n\r\n") == raw.size() - 4,
          "a head ends at its first empty line");
  const std::vector<std::string> lines =
      absl::StrSplit(raw.substr(0, raw.size() - 4), "\r\n");
  for (const std::string& line : lines) {
    Require(line.find_first_of("\r\n\0", 0, 3) == std::string::npos,
            "a line has no bare CR or LF and no NUL");
  }

  const std::vector<std::string> words = absl::StrSplit(lines[0], ' ');
  Require(lines[0].size() <= 8 << 10, "a request line keeps its limit");
  Require(words.size() == 3 && words[0] == head.method &&
              words[2] == absl::StrCat("HTTP/1.", head.minor_version),
          "the request line is METHOD TARGET VERSION");
  Require(head.method == absl::AsciiStrToUpper(head.method),
          "a method is in capitals");
  CheckTarget(head.target, words[1]);

  Require(head.fields.size() <= 100, "the fields keep their limit");
  Require(head.fields.size() == lines.size() - 1, "a line is a field");
  for (size_t i = 0; i < head.fields.size(); ++i) {
    const auto& [name, value] = head.fields[i];
    CheckField(name, value);
    const size_t colon = lines[i + 1].find(':');
    Require(absl::EqualsIgnoreCase(lines[i + 1].substr(0, colon), name) &&
                lines[i + 1].substr(colon + 1).find(value) != std::string::npos,
            "name and value are those of the line");
  }

  const size_t lengths = CountFields(head, "content-length");
  const size_t encodings = CountFields(head, "transfer-encoding");
  const size_t hosts = CountFields(head, "host");
  Require(lengths + encodings <= 1, "the body's length is said once");
  Require(hosts == 1 || (hosts == 0 && head.minor_version == 0),
          "there is one host");
  Require(head.chunked == (encodings == 1) &&
              (head.content_length == 0 || lengths == 1),
          "the body is as the fields say");
  Require(!head.has_body() || (head.method != "GET" && head.method != "HEAD"),
          "a GET has no body");
}

// What became of the bytes, in one line.
std::string Outcome(Progress progress, RequestReader& reader) {
  switch (progress) {
    case Progress::kNeedMore:
      return "need more";
    case Progress::kRefused:
      return absl::StrCat("refused ", reader.refusal().http_status, " ",
                          reader.refusal().message);
    case Progress::kReady:
      break;
  }
  std::string outcome = absl::StrCat("ready ", reader.head_bytes());
  for (const auto& [name, value] : reader.head().fields)
    absl::StrAppend(&outcome, "\n", name, ":", value);
  return outcome;
}

void Check(const std::string& input) {
  Pieces pieces(input);
  RequestReader whole;
  const Progress progress =
      ReadFirst(whole, pieces.bytes(), pieces.bytes().size());

  RequestReader cut;
  Progress cut_progress = Progress::kNeedMore;
  for (size_t size = 0; cut_progress == Progress::kNeedMore;) {
    size = pieces.NextCut(size);
    cut_progress = ReadFirst(cut, pieces.bytes(), size);
    if (size == pieces.bytes().size()) break;
  }
  Require(Outcome(progress, whole) == Outcome(cut_progress, cut),
          "where a request is cut changes nothing");
  if (progress == Progress::kRefused) {
    const int status = whole.refusal().http_status;
    Require(status == 400 || status == 414 || status == 431 || status == 501,
            "a refusal has one of four statuses");
    Require(!whole.refusal().message.empty(), "a refusal says why");
  }
  if (progress != Progress::kReady) return;
  Require(whole.head_bytes() <= pieces.bytes().size(),
          "nothing is read beyond");
  CheckHead(whole.head(),
            absl::string_view(pieces.bytes()).substr(0, whole.head_bytes()));
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
