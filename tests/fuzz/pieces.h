#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace sluice {

// Bytes that come in pieces: a fuzz input whose first line says how they are
// cut, and the bytes behind it. Each byte of that line is the size of a piece,
// over and over; with an empty line there is one piece.
class Pieces {
 public:
  explicit Pieces(std::string input) : bytes_(std::move(input)) {
    const size_t line_end = bytes_.find('\n');
    sizes_ = bytes_.substr(0, line_end);
    bytes_.erase(0, line_end == std::string::npos ? line_end : line_end + 1);
  }

  const std::string& bytes() const { return bytes_; }

  // Drops the first bytes.
  void Skip(size_t bytes) { bytes_.erase(0, bytes); }

  // Where the piece that begins at `from` ends.
  size_t NextCut(size_t from) {
    const size_t left = bytes_.size() - from;
    if (sizes_.empty() || pieces_ == kMaxPieces) return bytes_.size();
    const auto size = static_cast<uint8_t>(sizes_[pieces_++ % sizes_.size()]);
    return from + (size < left ? size : left);
  }

 private:
  // The rest comes at once, so that long inputs do not take long.
  static constexpr size_t kMaxPieces = 256;

  std::string bytes_;
  std::string sizes_;
  size_t pieces_ = 0;
};

}  // namespace sluice
