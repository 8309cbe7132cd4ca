#include "tests/stress/gnat.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace sluice {
namespace {

constexpr int64_t kPatienceMs = 60000;

constexpr struct {
  const char* line;  // with $ for the topic's path
  const char* fields;
  const char* rest;
  int status;
} kManners[] = {
    {"HEAD $?last_event_id=rubbish HTTP/1.1", "", "", 200},
    {"OPTIONS $ HTTP/1.1", "", "", 204},
    {"PUT $ HTTP/1.1", "", "", 405},
    {"POST $ HTTP/1.1", "Content-Length: 3\r\n", "abc", 403},
    {"GET $?from=now HTTP/1.1", "", "", 400},
    {"GET $ HTTP/1.1", "Accept: text/html\r\n", "", 406},
    {"GET /nothing HTTP/1.1", "", "", 404},
    {"GET /nothing HTTP/1.1", "", "GET /nothing HTT", 404},
    {"PRI * HTTP/2.0", "", "SM\r\n\r\n", 400},
    {"GET $ HTTP/1.1", "", "", 0},
    {"GET $ HTTP/1.0", "Last-Event-ID: rubbish\r\n", "", 0},
};

}  // namespace

Gnat::Gnat(Storm& storm, const std::string& topic, Fleet& fleet, uint64_t seed)
    : storm_(storm), dice_(seed), generation_(storm.generation) {
  const auto& manner = kManners[dice_.Below(std::size(kManners))];
  request_ = absl::StrCat(
      absl::StrReplaceAll(
          manner.line, {{"$", absl::StrCat("/v1/topics/", topic, "/events")}}),
      "\r\nHost: h\r\n", manner.fields, "\r\n", manner.rest);
  status_ = manner.status;
  // Half of a request, or none at all.
  if (status_ == 0 && dice_.OneIn(2))
    request_.resize(dice_.Below(request_.size()));
  response_ =
      std::make_unique<ResponseReader>(absl::StartsWith(request_, "HEAD "));
  leaves_ms_ =
      fleet.now_ms() +
      (status_ == 0 ? static_cast<int64_t>(dice_.Below(300)) : kPatienceMs);
  if (const int port = storm_.side.port(); port != 0)
    fd_ = BeginConnect(port, 0);
  if (fd_.valid()) fleet.Watch(fd_, *this);
}

void Gnat::OnReady() {
  if (!fd_.valid()) return;
  if (!sent_) {
    sent_ = true;
    send(fd_.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
  }
  std::array<char, 4096> buffer;
  ssize_t got;
  while ((got = recv(fd_.get(), buffer.data(), buffer.size(), 0)) > 0) {
    response_->Feed({buffer.data(), static_cast<size_t>(got)});
    if (status_ != 0 && response_->complete()) return Leave();
  }
  if (got < 0 && errno == EAGAIN) return;
  Leave();
}

void Gnat::Tick(int64_t now_ms) {
  if (fd_.valid() && now_ms >= leaves_ms_) Leave();
}

void Gnat::Leave() {
  if (status_ != 0 && !storm_.GoneSince(generation_) &&
      (response_->status() != status_ || !response_->complete())) {
    storm_.findings.Add(
        Findings::kOther,
        absl::StrCat("answer ", response_->status(), " instead of ", status_,
                     " to ", request_, response_->error()));
  }
  if (dice_.OneIn(2)) {
    CloseWithReset(fd_);
  } else {
    fd_ = Fd();
  }
}

}  // namespace sluice
