// Bodies of requests in pieces (pieces.h): where they are cut changes nothing,
// and what comes out is what went in. The first byte behind the cuts says how
// the body is framed: `c` for chunks, or else a length.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "bridge/net/body_reader.h"
#include "tests/fuzz/pieces.h"
#include "tests/fuzz/require.h"

namespace sluice {
namespace {

using Progress = BodyReader::Progress;

constexpr size_t kMaxBodyBytes = 100;

struct Outcome {
  Progress progress;
  std::string body;
  size_t used;
};

// Hands over the bytes of [from, to), in memory of their own size.
Progress ReadPart(BodyReader& reader, const std::string& bytes, size_t& from,
                  size_t to) {
  const size_t size = to - from;
  const std::unique_ptr<char[]> exact(new char[size]);
  std::copy_n(bytes.data() + from, size, exact.get());
  absl::string_view input(exact.get(), size);
  const Progress progress = reader.Read(input);
  Require(progress != Progress::kNeedMore || input.empty(),
          "a reader that needs more has taken all that there was");
  from += size - input.size();
  return progress;
}

Outcome Read(const RequestHead& head, const std::string& bytes,
             Pieces* pieces) {
  BodyReader reader(head, kMaxBodyBytes);
  size_t from = 0;
  for (size_t cut = 0;;) {
    cut = pieces == nullptr ? bytes.size() : pieces->NextCut(cut);
    const Progress progress = ReadPart(reader, bytes, from, cut);
    if (progress != Progress::kNeedMore || cut == bytes.size())
      return {progress, reader.body(), from};
  }
}

// Takes the chunks apart once more; extensions and trailers are passed over.
void RequireChunks(absl::string_view wire, const std::string& body) {
  std::string read;
  while (true) {
    const std::string line(wire.substr(0, wire.find("\r\n")));
    const size_t size = std::stoul(line, nullptr, 16);
    wire.remove_prefix(line.size() + 2);
    if (size == 0) break;
    read += std::string(wire.substr(0, size));
    Require(wire.substr(size, 2) == "\r\n", "a chunk ends in CRLF");
    wire.remove_prefix(size + 2);
  }
  Require(read == body, "the body is what the chunks hold");
  Require(wire == "\r\n" || absl::EndsWith(wire, "\r\n\r\n"),
          "the body ends at the first empty line");
  Require(wire == "\r\n" || wire.find("\r\n\r\n") == wire.size() - 4,
          "nothing behind the body is taken");
}

void Check(const std::string& input) {
  Pieces pieces(input);
  if (pieces.bytes().empty()) return;
  RequestHead head;
  head.chunked = pieces.bytes()[0] == 'c';
  if (!head.chunked)
    head.content_length = static_cast<uint8_t>(pieces.bytes()[0]);
  pieces.Skip(1);

  const Outcome whole = Read(head, pieces.bytes(), nullptr);
  const Outcome cut = Read(head, pieces.bytes(), &pieces);
  Require(whole.progress == cut.progress,
          "where a body is cut changes nothing");
  Require(
      whole.body.size() <= kMaxBodyBytes && cut.body.size() <= kMaxBodyBytes,
      "a body keeps its limit");
  if (whole.progress != Progress::kReady) return;
  Require(whole.body == cut.body && whole.used == cut.used,
          "where a body is cut changes nothing in it");
  const auto wire = absl::string_view(pieces.bytes()).substr(0, whole.used);
  if (head.chunked) {
    RequireChunks(wire, whole.body);
  } else {
    Require(wire == whole.body && whole.used == head.content_length,
            "a body is as long as its head says");
  }
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
