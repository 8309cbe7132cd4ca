#pragma once

#include <httplib.h>
#include <sys/uio.h>

#include <memory>
#include <string>
#include <vector>

namespace sluice {

using SharedBytes = std::shared_ptr<const std::string>;

// What a connection still has to send: shared bytes and where to begin in them,
// never a copy.
struct Unsent {
  SharedBytes bytes;
  size_t from = 0;
};

// The DataSink that a loop drives content providers through, one for all of its
// connections: it gathers references to what is to be sent, which then leaves
// in one sendmsg.
//
// A provider keeps cpp-httplib's contract, except that it must not wait: with
// nothing to write it returns true.
//
// Thread safety: none; a loop's.
class GatherSink final : public httplib::DataSink {
 public:
  // What a reader gets in one turn at the most, so that no one holds up the
  // others.
  static constexpr size_t kMaxBytes = 64 << 10;
  // Linux's IOV_MAX is 1024; a pass of that many small frames is plenty.
  static constexpr size_t kMaxParts = 256;

  GatherSink();

  // Begins anew, behind `unsent`. `chunked`: whether the stream's body is made
  // of chunks.
  void Begin(std::vector<Unsent> unsent, bool chunked);

  // Adds `bytes`, from `from` on, as they are: frames that are encoded once for
  // many readers, chunk framing included.
  void WriteEncoded(const SharedBytes& bytes, size_t from = 0);

  bool full() const {
    return bytes_ >= kMaxBytes || parts_.size() >= kMaxParts;
  }
  bool empty() const { return parts_.empty(); }
  bool finished() const { return finished_; }

  const std::vector<iovec>& iovecs();
  size_t bytes() const { return bytes_; }

  // What is left when `sent` bytes have gone.
  std::vector<Unsent> TakeUnsent(size_t sent);

 private:
  std::vector<Unsent> parts_;
  std::vector<iovec> iovecs_;
  size_t bytes_ = 0;
  bool chunked_ = false;
  bool finished_ = false;
};

}  // namespace sluice
