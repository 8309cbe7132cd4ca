#include "bridge/http/gather_sink.h"

#include <iterator>
#include <utility>

#include "bridge/http/sse_frame.h"

namespace sluice {

GatherSink::GatherSink() {
  write = [this](const char* data, size_t length) {
    const absl::string_view payload(data, length);
    WriteEncoded(std::make_shared<const std::string>(
        chunked_ ? Chunk(payload) : std::string(payload)));
    return true;
  };
  done = [this] {
    static const SharedBytes kEnd =
        std::make_shared<const std::string>(kLastChunk);
    if (chunked_) WriteEncoded(kEnd);
    finished_ = true;
  };
  is_writable = [this] { return !full(); };
}

void GatherSink::Begin(std::vector<Unsent> unsent, bool chunked) {
  // Moved one by one: what parts_ has reserved is for every connection.
  parts_.assign(std::make_move_iterator(unsent.begin()),
                std::make_move_iterator(unsent.end()));
  bytes_ = 0;
  for (const Unsent& part : parts_) bytes_ += part.bytes->size() - part.from;
  chunked_ = chunked;
  finished_ = false;
}

void GatherSink::WriteEncoded(const SharedBytes& bytes, size_t from) {
  if (from == bytes->size()) return;
  bytes_ += bytes->size() - from;
  parts_.push_back({bytes, from});
}

const std::vector<iovec>& GatherSink::iovecs() {
  iovecs_.clear();
  for (const Unsent& part : parts_) {
    iovecs_.push_back({const_cast<char*>(part.bytes->data()) + part.from,
                       part.bytes->size() - part.from});
  }
  return iovecs_;
}

std::vector<Unsent> GatherSink::TakeUnsent(size_t sent) {
  size_t first = 0;
  while (first < parts_.size()) {
    Unsent& part = parts_[first];
    const size_t left = part.bytes->size() - part.from;
    if (sent < left) {
      part.from += sent;
      break;
    }
    sent -= left;
    ++first;
  }
  std::vector<Unsent> unsent(
      std::make_move_iterator(parts_.begin() + static_cast<ptrdiff_t>(first)),
      std::make_move_iterator(parts_.end()));
  parts_.clear();
  return unsent;
}

}  // namespace sluice
