#include "tests/unit/cli/test_io.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace sluice {
namespace {

std::string Contents(int fd) {
  std::string contents;
  char buffer[4096];
  ssize_t count;
  while ((count = pread(fd, buffer, sizeof(buffer),
                        static_cast<off_t>(contents.size()))) > 0) {
    contents.append(buffer, static_cast<size_t>(count));
  }
  return contents;
}

}  // namespace

TestIo::TestIo() : out_(memfd_create("out", 0)), err_(memfd_create("err", 0)) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  in_ = ends[0];
  in_writer_ = ends[1];
}

TestIo::~TestIo() {
  CloseInput();
  for (const int fd : {in_, out_, err_}) close(fd);
}

void TestIo::Write(absl::string_view text) {
  if (write(in_writer_, text.data(), text.size()) !=
      static_cast<ssize_t>(text.size())) {
    std::abort();
  }
}

void TestIo::CloseInput() {
  if (in_writer_ >= 0) close(in_writer_);
  in_writer_ = -1;
}

std::string TestIo::Out() const { return Contents(out_); }

std::string TestIo::Err() const { return Contents(err_); }

}  // namespace sluice
