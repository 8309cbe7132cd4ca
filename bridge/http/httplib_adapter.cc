#include "bridge/http/httplib_adapter.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace sluice {
namespace {

// Most heads fit; cpp-httplib writes them bit by bit.
constexpr size_t kUsualResponse = 512;

// Request bytes in, response bytes out. Which of its methods are virtual has
// changed from version to version, so none says `override`.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string request) : request_(std::move(request)) {
    response.reserve(kUsualResponse);
  }

  bool is_readable() const { return true; }
  bool is_writable() const { return true; }
  ssize_t read(char* to, size_t size) {
    const size_t n = std::min(size, request_.size() - at_);
    std::memcpy(to, request_.data() + at_, n);
    at_ += n;
    return static_cast<ssize_t>(n);
  }
  ssize_t write(const char* from, size_t size) {
    response.append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const {}
  void get_local_ip_and_port(std::string&, int&) const {}
  // Must be below FD_SETSIZE, or the request is refused.
  socket_t socket() const { return 0; }
  bool wait_readable() const { return true; }
  bool wait_writable() const { return true; }
  time_t duration() const { return 0; }

  std::string response;

 private:
  const std::string request_;
  size_t at_ = 0;
};

// The fields that the loop decides on: cpp-httplib counts requests for a
// Keep-Alive of its own, gives an empty 204 a length, and offers ranges.
bool IsLoopsField(absl::string_view line, bool no_content) {
  const absl::string_view name = line.substr(0, line.find(':'));
  for (absl::string_view dropped :
       {"Connection", "Keep-Alive", "Accept-Ranges"}) {
    if (absl::EqualsIgnoreCase(name, dropped)) return true;
  }
  return no_content && absl::EqualsIgnoreCase(name, "Content-Length");
}

}  // namespace

HttplibAdapter::HttplibAdapter(Handler handler) : handler_(std::move(handler)) {
  // While it is invalid, chunked content is never asked for.
  svr_sock_ = 0;
  // Comes before httplib's own routing, whose std::regex recurses once a
  // character, and before it would read a body.
  set_pre_routing_handler(
      [this](const httplib::Request& request, httplib::Response& response) {
        handler_(*exchange_, request, response);
        return HandlerResponse::Handled;
      });
}

std::string HttplibAdapter::Process(Exchange& exchange) {
  exchange_ = &exchange;
  // The whole head that cpp-httplib sees. Its parsing loses parameters, decodes
  // fields and acts on Accept-Encoding, Range and Expect, so the handlers go by
  // the exchange's request; of it, cpp-httplib needs to know a HEAD.
  const bool head = exchange.request.method == "HEAD";
  MemoryStream stream(absl::StrCat(head ? "HEAD" : "GET",
                                   " / HTTP/1.1\r\nHost: sluice\r\n\r\n"));

  ProcessRequest(*this, stream, 0);
  exchange_ = nullptr;

  const absl::string_view response = stream.response;
  const size_t head_end = response.find("\r\n\r\n");
  if (head_end == absl::string_view::npos) return {};
  const bool no_content = absl::StartsWith(response, "HTTP/1.1 204");
  std::string result;
  result.reserve(response.size());
  for (absl::string_view line :
       absl::StrSplit(response.substr(0, head_end), "\r\n")) {
    if (!IsLoopsField(line, no_content)) absl::StrAppend(&result, line, "\r\n");
  }
  if (exchange.closes()) {
    result += "Connection: close\r\n";
  } else if (exchange.request.minor_version == 0) {
    result += "Connection: keep-alive\r\n";
  }
  absl::StrAppend(&result, response.substr(head_end + 2));
  return result;
}

}  // namespace sluice
