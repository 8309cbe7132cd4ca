#include "clients/cli/http_stream.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

constexpr long kConnectTimeoutMs = 5000;
constexpr long kMaxRedirects = 10;
// A peer that vanished while it had nothing to say is noticed after about a
// minute and a half.
constexpr long kKeepaliveIdleSeconds = 30;
constexpr long kKeepaliveIntervalSeconds = 10;

bool IsUsageError(CURLcode code) {
  return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
}

}  // namespace

HttpStream::HttpStream(const HttpRequest& request)
    : multi_(curl_multi_init()), easy_(curl_easy_init()) {
  Configure(request);
  curl_multi_add_handle(multi_.get(), easy_.get());
}

HttpStream::~HttpStream() {
  curl_multi_remove_handle(multi_.get(), easy_.get());
}

void HttpStream::Configure(const HttpRequest& request) {
  CURL* easy = easy_.get();
  for (const std::string& header : request.headers) {
    headers_.reset(curl_slist_append(headers_.release(), header.c_str()));
  }
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_DEFAULT_PROTOCOL, "http");
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "sluice");
  if (request.follow_redirects) {
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, kMaxRedirects);
  }
  if (request.body) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body->size()));
    curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request.body->data());
  }
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, kKeepaliveIdleSeconds);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, kKeepaliveIntervalSeconds);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
}

void HttpStream::Wait(absl::Duration timeout,
                      std::initializer_list<int> wakeups, int output) {
  if (done_) return;
  std::vector<curl_waitfd> extra;
  for (const int fd : wakeups) extra.push_back({fd, CURL_WAIT_POLLIN, 0});
  // Poll tells of a pipe's lost reader unasked.
  if (output >= 0) extra.push_back({output, 0, 0});
  const auto most = static_cast<std::int64_t>(std::numeric_limits<int>::max());
  // Rounded up: a timeout of 0.5 ms is not a busy loop.
  const auto wait = std::clamp<std::int64_t>(
      absl::ToInt64Milliseconds(absl::Ceil(timeout, absl::Milliseconds(1))), 0,
      most);
  curl_multi_poll(multi_.get(), extra.data(),
                  static_cast<unsigned>(extra.size()), static_cast<int>(wait),
                  nullptr);

  int running = 0;
  curl_multi_perform(multi_.get(), &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg == CURLMSG_DONE) TakeResult(message->data.result);
  }
}

std::string HttpStream::Take() { return std::exchange(received_, {}); }

bool HttpStream::is_event_stream() const {
  return absl::StartsWithIgnoreCase(content_type_, "text/event-stream");
}

std::size_t HttpStream::OnBody(char* data, std::size_t size, std::size_t count,
                               void* self) {
  auto* stream = static_cast<HttpStream*>(self);
  stream->TakeHead();
  stream->received_.append(data, size * count);
  return size * count;
}

void HttpStream::TakeHead() {
  if (status_ != 0) return;
  long status = 0;
  const char* type = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_TYPE, &type);
  status_ = static_cast<int>(status);
  if (type != nullptr) content_type_ = type;
}

bool HttpStream::FindEnd() const {
  long version = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_VERSION, &version);
  if (version >= CURL_HTTP_VERSION_2_0) return true;
  for (const char* name : {"Transfer-Encoding", "Content-Length"}) {
    curl_header* header = nullptr;
    constexpr int kLastRequest = -1;
    if (curl_easy_header(easy_.get(), name, 0, CURLH_HEADER, kLastRequest,
                         &header) == CURLHE_OK)
      return true;
  }
  return false;
}

void HttpStream::TakeResult(CURLcode code) {
  done_ = true;
  TakeHead();
  has_end_ = FindEnd();
  if (code == CURLE_OK) return;
  const std::string reason =
      error_[0] != '\0' ? error_ : curl_easy_strerror(code);
  if (IsUsageError(code)) {
    result_ = absl::InvalidArgumentError(reason);
  } else if (status_ == 0) {
    result_ = absl::UnavailableError(reason);
  } else {
    result_ = absl::UnavailableError(
        absl::StrCat("the connection was lost: ", reason));
  }
}

std::string PercentEncode(const std::string& text) {
  // The handle is only for charsets of the past.
  char* encoded =
      curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
  std::string result = encoded == nullptr ? "" : encoded;
  curl_free(encoded);
  return result;
}

}  // namespace sluice
