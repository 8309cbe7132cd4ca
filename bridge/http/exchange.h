#pragma once

#include <any>
#include <functional>
#include <memory>
#include <utility>

#include "bridge/http/gather_sink.h"
#include "bridge/http/request_body.h"
#include "bridge/net/request_reader.h"

namespace sluice {

class HttpLoop;
class SseStream;

// One request and what becomes of it: what a handler is given beside
// cpp-httplib's Request and Response, and all that it may believe about the
// request, since cpp-httplib only sees a head that the loop wrote.
//
// A handler that needs an answer the loop does not have asks for it and
// returns; it is called again, over the same request, when the answer is there.
// So a handler runs from its top each time.
//
// Thread safety: none; a loop's.
// Lifetime: held by its connection, and gone when an answer comes too late. The
// loop must outlive it.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  // `resume` has the handler called again.
  Exchange(HttpLoop& loop, RequestHead request, bool shed,
           std::function<void()> resume)
      : request(std::move(request)),
        shed(shed),
        loop_(loop),
        resume_(std::move(resume)) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const RequestHead request;

  // The server is full or going down: an event stream is told to come back,
  // anything else is refused.
  const bool shed;

  HttpLoop& loop() { return loop_; }

  // The request's body, or null: then the handler returns. One that is larger
  // than `max_bytes`, or does not come as it should, never reaches the handler:
  // body_refusal() says how it is answered.
  const std::string* Body(size_t max_bytes);
  bool wants_body() const {
    return body_ != nullptr && !body_->done() && !body_->refusal();
  }
  const RequestBody::Refusal* body_refusal() const {
    return body_ != nullptr && body_->refusal() ? &*body_->refusal() : nullptr;
  }
  // The connection's: where the body goes to while it is wanted.
  RequestBody& body() { return *body_; }

  // The answer to a handler's one question, or null: then the handler returns.
  // The first call asks; `ask` gets a callback to call once, on any thread.
  template <typename T>
  T* Ask(const std::function<void(std::function<void(T)>)>& ask);
  bool waiting() const { return state_ == State::kWaiting; }

  // Keeps what the handler will find again when it is called again.
  void Keep(std::shared_ptr<void> kept) { kept_ = std::move(kept); }

  // The connection closes behind the answer.
  bool closes() const {
    const bool unread =
        request.has_body() && (body_ == nullptr || !body_->done());
    return streams_ || shed || !request.keep_alive || unread;
  }

  // Makes `response` an event stream that `provider` writes: its opening at
  // once, through cpp-httplib, when it returns false; then whatever is new each
  // time the loop calls it, when it returns false to have the connection
  // closed. After a HEAD it is not called. `stream` is what the provider writes
  // for, or null.
  void Stream(httplib::Response& response,
              httplib::ContentProviderWithoutLength provider,
              std::shared_ptr<SseStream> stream);
  const httplib::ContentProviderWithoutLength& provider() const {
    return provider_;
  }
  const std::shared_ptr<SseStream>& stream() const { return stream_; }

  // HTTP/1.0 has no chunks: there a stream's body is as it is.
  bool chunked() const { return request.minor_version == 1; }

 private:
  enum class State { kNotAsked, kAsking, kWaiting, kAnswered };

  // HttpLoop::RunInLoop, which this header cannot see.
  static void RunIn(HttpLoop& loop, std::function<void()> work);
  void Answer(std::any answer);

  HttpLoop& loop_;
  const std::function<void()> resume_;
  std::unique_ptr<RequestBody> body_;
  State state_ = State::kNotAsked;
  std::any answer_;
  std::shared_ptr<void> kept_;
  bool streams_ = false;
  httplib::ContentProviderWithoutLength provider_;
  std::shared_ptr<SseStream> stream_;
};

template <typename T>
T* Exchange::Ask(const std::function<void(std::function<void(T)>)>& ask) {
  if (state_ == State::kNotAsked) {
    state_ = State::kAsking;
    ask([&loop = loop_, weak = weak_from_this()](T answer) {
      // std::function and std::any want what they hold to be copyable.
      auto boxed = std::make_shared<T>(std::move(answer));
      RunIn(loop, [weak, boxed] {
        if (const auto exchange = weak.lock()) exchange->Answer(boxed);
      });
    });
    if (state_ == State::kAsking) state_ = State::kWaiting;
  }
  if (state_ != State::kAnswered) return nullptr;
  return std::any_cast<std::shared_ptr<T>&>(answer_).get();
}

}  // namespace sluice
