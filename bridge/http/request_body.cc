#include "bridge/http/request_body.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice {

bool BodyMemory::Take(int64_t bytes) {
  if (used_.fetch_add(bytes) + bytes <= limit_) return true;
  used_ -= bytes;
  return false;
}

absl::Status CheckCoding(const RequestHead& head) {
  return absl::EqualsIgnoreCase(
             head.Field("content-encoding").value_or("identity"), "identity")
             ? absl::OkStatus()
             : absl::InvalidArgumentError(
                   "Content-Encoding: a body is taken as it is");
}

RequestBody::RequestBody(const RequestHead& head, size_t max_bytes,
                         BodyMemory& memory)
    : max_bytes_(max_bytes), memory_(memory), reader_(head, max_bytes) {}

void RequestBody::Refuse(int http_status, std::string message) {
  refusal_ = {http_status, std::move(message)};
  // Nobody will look at what has come.
  reader_.body() = std::string();
  memory_.Give(std::exchange(taken_, 0));
}

void RequestBody::Read(absl::string_view& input) {
  const BodyReader::Progress progress = reader_.Read(input);
  switch (progress) {
    case BodyReader::Progress::kTooLarge:
      Refuse(413,
             absl::StrCat("the body is larger than ", max_bytes_, " bytes"));
      return;
    case BodyReader::Progress::kMalformed:
      Refuse(400, "the body is not chunked as it should be");
      return;
    case BodyReader::Progress::kNeedMore:
    case BodyReader::Progress::kReady:
      break;
  }
  const auto held = static_cast<int64_t>(reader_.body().capacity());
  if (held > taken_) {
    if (!memory_.Take(held - taken_)) {
      Refuse(503, "too many request bodies at a time: try again later");
      return;
    }
    taken_ = held;
  }
  done_ = progress == BodyReader::Progress::kReady;
}

}  // namespace sluice
