#include "bridge/http/exchange.h"

#include "bridge/http/http_loop.h"

namespace sluice {

void Exchange::RunIn(HttpLoop& loop, std::function<void()> work) {
  loop.RunInLoop(std::move(work));
}

const std::string* Exchange::Body(size_t max_bytes) {
  if (body_ == nullptr) {
    body_ =
        std::make_unique<RequestBody>(request, max_bytes, loop_.body_memory());
    absl::string_view nothing;
    body_->Read(nothing);
  }
  return body_->done() ? &body_->text() : nullptr;
}

void Exchange::Answer(std::any answer) {
  const bool resume = state_ == State::kWaiting;
  answer_ = std::move(answer);
  state_ = State::kAnswered;
  if (resume) resume_();
}

void Exchange::Stream(httplib::Response& response,
                      httplib::ContentProviderWithoutLength provider,
                      std::shared_ptr<SseStream> stream) {
  streams_ = true;
  constexpr char kType[] = "text/event-stream; charset=utf-8";
  response.set_header("Cache-Control", "no-cache, no-transform");
  response.set_header("X-Accel-Buffering", "no");
  if (chunked()) {
    response.set_chunked_content_provider(kType, provider);
  } else {
    response.set_content_provider(kType, provider);
  }
  if (request.method == "HEAD") return;
  provider_ = std::move(provider);
  stream_ = std::move(stream);
}

}  // namespace sluice
