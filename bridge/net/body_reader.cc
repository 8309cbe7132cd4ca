#include "bridge/net/body_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace sluice {
namespace {

constexpr size_t kMaxChunkLineBytes = 256;
constexpr size_t kMaxTrailerBytes = 8 << 10;

// The size that a chunk's first line gives: hexadecimal, and maybe extensions.
// False if there is none, or if it does not fit.
bool ParseChunkSize(absl::string_view line, uint64_t& size) {
  constexpr size_t kMaxDigits = 15;
  size_t digits = 0;
  size = 0;
  for (; digits < line.size() &&
         absl::ascii_isxdigit(static_cast<unsigned char>(line[digits]));
       ++digits) {
    if (digits == kMaxDigits) return false;
    const char c =
        absl::ascii_tolower(static_cast<unsigned char>(line[digits]));
    size = size * 16 + static_cast<uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  const absl::string_view rest =
      absl::StripLeadingAsciiWhitespace(line.substr(digits));
  return digits > 0 && (rest.empty() || rest[0] == ';');
}

}  // namespace

BodyReader::BodyReader(const RequestHead& head, size_t max_bytes)
    : max_bytes_(max_bytes),
      chunked_(head.chunked),
      part_(chunked_ ? Part::kChunkSize : Part::kData),
      left_(head.content_length) {}

BodyReader::Progress BodyReader::Read(absl::string_view& input) {
  while (part_ != Part::kDone) {
    const Progress progress =
        part_ == Part::kData ? TakeData(input) : TakeLine(input);
    if (progress != Progress::kReady) return progress;
  }
  return Progress::kReady;
}

// kReady: the data is whole.
BodyReader::Progress BodyReader::TakeData(absl::string_view& input) {
  if (left_ > max_bytes_ - body_.size()) return Progress::kTooLarge;
  const auto taken = static_cast<size_t>(
      std::min<uint64_t>(left_, static_cast<uint64_t>(input.size())));
  body_.append(input.data(), taken);
  input.remove_prefix(taken);
  left_ -= taken;
  if (left_ > 0) return Progress::kNeedMore;
  part_ = chunked_ ? Part::kChunkEnd : Part::kDone;
  return Progress::kReady;
}

// kReady: a line is whole, and right.
BodyReader::Progress BodyReader::TakeLine(absl::string_view& input) {
  const size_t end = input.find('\n');
  const absl::string_view piece =
      input.substr(0, end == absl::string_view::npos ? end : end + 1);
  const size_t most =
      part_ == Part::kTrailer ? kMaxTrailerBytes : kMaxChunkLineBytes;
  if (line_.size() + piece.size() > most) return Progress::kMalformed;
  line_.append(piece.data(), piece.size());
  input.remove_prefix(piece.size());
  if (end == absl::string_view::npos) return Progress::kNeedMore;

  const bool crlf = line_.size() >= 2 && line_[line_.size() - 2] == '\r';
  line_.resize(line_.size() - (crlf ? 2 : 1));
  const bool clean = std::none_of(line_.begin(), line_.end(), [](char c) {
    return c != '\t' && absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
  const Progress progress = crlf && clean ? OnLine() : Progress::kMalformed;
  line_.clear();
  return progress;
}

BodyReader::Progress BodyReader::OnLine() {
  switch (part_) {
    case Part::kChunkSize:
      if (!ParseChunkSize(line_, left_)) return Progress::kMalformed;
      part_ = left_ == 0 ? Part::kTrailer : Part::kData;
      break;
    case Part::kChunkEnd:
      if (!line_.empty()) return Progress::kMalformed;
      part_ = Part::kChunkSize;
      break;
    default:
      trailer_bytes_ += line_.size();
      if (trailer_bytes_ > kMaxTrailerBytes) return Progress::kMalformed;
      if (line_.empty()) part_ = Part::kDone;
      break;
  }
  return Progress::kReady;
}

}  // namespace sluice
