#include "bridge/http/connection.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "bridge/http/cors.h"
#include "bridge/http/http_loop.h"
#include "bridge/http/responses.h"
#include "bridge/http/sse_frame.h"

namespace sluice {
namespace {

constexpr int64_t kLingerMs = 2000;

// What a client may send that nobody reads: while it streams, or after the
// answer.
constexpr uint32_t kMaxStreamInput = 64 << 10;
constexpr uint32_t kMaxLingerInput = 16 << 20;

// A reader that is behind takes as much in a second, at the least.
constexpr int64_t kMinBytesASecond = 1 << 10;

// Requests that come while one is being answered wait here.
constexpr size_t kMaxPipelined = 64 << 10;

SharedBytes Shared(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

}  // namespace

Connection::Connection(HttpLoop& loop, Socket socket, bool shed, size_t index)
    : index(index),
      loop_(loop),
      socket_(std::move(socket)),
      shed_(shed),
      since_ms_(loop.event_loop().now_ms()),
      request_(std::make_unique<Request>()) {}

Connection::~Connection() {
  if (stream_ != nullptr) stream_->Detach();
}

void Connection::Start() {
  if (!loop_.event_loop()
           .Add(socket_.fd(), EPOLLIN | EPOLLOUT | EPOLLRDHUP, *this)
           .ok()) {
    Close();
    return;
  }
  ArmTimer();
}

void Connection::OnEvents(uint32_t events) {
  if (events & (EPOLLERR | EPOLLHUP)) {
    Close();
    return;
  }
  if (events & (EPOLLIN | EPOLLRDHUP)) OnReadable(events & EPOLLRDHUP);
  if ((events & EPOLLOUT) && blocked_ && state_ != State::kClosed) {
    blocked_ = false;
    Drive();
    GoOn();
  }
}

void Connection::GoOn() {
  ReadRequests();
  if (reading() || state_ == State::kLingering) OnReadable(true);
}

// Less than fits is all there was: an edge comes with more. Only the end, if it
// was there already, has to be read `to_end`.
void Connection::OnReadable(bool to_end) {
  std::vector<char>& scratch = loop_.scratch();
  while (state_ != State::kClosed) {
    // What is not read now is read when the answer before it is out.
    if (request_ != nullptr && !reading() &&
        request_->input.size() > kMaxPipelined)
      return;
    const Socket::Result result = socket_.Read(scratch.data(), scratch.size());
    switch (result.outcome) {
      case Socket::Outcome::kDone:
        OnInput({scratch.data(), result.bytes});
        if (!to_end && result.bytes < scratch.size()) return;
        break;
      case Socket::Outcome::kWouldBlock:
        return;
      case Socket::Outcome::kClosed:
        OnPeerClosed();
        return;
      case Socket::Outcome::kFailed:
        Close();
        return;
    }
  }
}

void Connection::OnInput(absl::string_view bytes) {
  if (state_ == State::kStreaming || state_ == State::kLingering) {
    received_ += static_cast<uint32_t>(bytes.size());
    if (state_ == State::kLingering) {
      if (received_ > kMaxLingerInput) Close();
    } else if (received_ > kMaxStreamInput) {
      Linger();
    }
    return;
  }
  if (state_ == State::kReading && request_->input.empty())
    since_ms_ = loop_.event_loop().now_ms();
  request_->input.append(bytes.data(), bytes.size());
  ReadRequests();
}

void Connection::OnPeerClosed() {
  // A reader that sends no more has left; whoever asked something else gets its
  // answer.
  peer_closed_ = true;
  if (state_ != State::kWaiting && state_ != State::kWriting) Close();
}

void Connection::ReadRequests() {
  while (state_ == State::kReading ? ReadHead() : ReadBody()) Process();
}

// True if a request is there to be processed.
bool Connection::ReadHead() {
  if (request_->input.empty()) return false;
  RequestReader& reader = request_->reader;
  switch (reader.Read(request_->input)) {
    case RequestReader::Progress::kNeedMore:
      return false;
    case RequestReader::Progress::kRefused:
      Refuse(reader.refusal());
      return false;
    case RequestReader::Progress::kReady:
      break;
  }
  request_->input.erase(0, reader.head_bytes());
  request_->exchange = std::make_shared<Exchange>(
      loop_, std::move(reader.head()), shed_ || loop_.draining(), [this] {
        Process();
        GoOn();
      });
  reader.Reset();
  return true;
}

// True if the body is there, or is given up.
bool Connection::ReadBody() {
  if (state_ != State::kBody) return false;
  absl::string_view input = request_->input;
  request_->exchange->body().Read(input);
  request_->input.erase(0, request_->input.size() - input.size());
  return !request_->exchange->wants_body();
}

void Connection::Process() {
  if (state_ == State::kClosed) return;
  state_ = State::kWaiting;
  const std::shared_ptr<Exchange> exchange = request_->exchange;
  std::string response = loop_.adapter().Process(*exchange);
  if (exchange->wants_body()) {
    state_ = State::kBody;
    since_ms_ = loop_.event_loop().now_ms();
    ArmTimer();
    return;
  }
  if (exchange->waiting()) return;
  const bool close = exchange->closes();
  if (!exchange->provider()) {
    Respond(std::move(response), close);
    return;
  }
  if (peer_closed_) {
    Close();
    return;
  }
  provider_ = exchange->provider();
  stream_ = exchange->stream();
  chunked_ = exchange->chunked();
  request_.reset();
  unsent_.push_back({Shared(std::move(response))});
  state_ = State::kStreaming;
  since_ms_ = loop_.event_loop().now_ms();
  const absl::Duration age = loop_.options().max_stream_age;
  if (age > absl::ZeroDuration()) {
    close_at_ms_ = since_ms_ + absl::ToInt64Milliseconds(age);
  }
  if (stream_ == nullptr) {
    // Nothing follows the opening: the client is to come back.
    finishing_ = true;
  } else {
    stream_->Attach(*this);
  }
  Drive();
  ArmTimer();
}

void Connection::Refuse(const RequestReader::Refusal& refusal) {
  const auto origin = ListedOrigin(request_->reader.head(), loop_.options());
  Respond(RefusalResponse(refusal, origin), true);
}

void Connection::Respond(std::string response, bool close) {
  state_ = State::kWriting;
  finishing_ = close;
  unsent_.push_back({Shared(std::move(response))});
  since_ms_ = loop_.event_loop().now_ms();
  Drive();
}

void Connection::Drive() {
  if (blocked_ || (state_ != State::kStreaming && state_ != State::kWriting))
    return;
  GatherSink& sink = loop_.sink();
  sink.Begin(std::move(unsent_), chunked_);
  unsent_.clear();
  bool full = sink.full();
  if (state_ == State::kStreaming && !finishing_ && !full) {
    const bool keep = provider_(0, sink);
    finishing_ = !keep || sink.finished();
    full = sink.full();
  }
  if (!sink.empty() && !Flush(sink)) return;
  if (blocked_) return;
  if (state_ == State::kWriting) {
    OnWritten();
  } else if (finishing_ && unsent_.empty()) {
    Linger();
  } else if (full) {
    loop_.RunAgain(*this);
  }
}

bool Connection::Flush(GatherSink& sink) {
  const Socket::Result result = socket_.Write(sink.iovecs());
  if (result.outcome == Socket::Outcome::kFailed) {
    Close();
    return false;
  }
  loop_.counters().bytes += result.bytes;
  const int64_t now_ms = loop_.event_loop().now_ms();
  if (result.bytes > 0) since_ms_ = now_ms;
  blocked_ = result.bytes < sink.bytes();
  if (!blocked_) {
    drip_since_ms_ = 0;
  } else if (drip_since_ms_ == 0) {
    drip_since_ms_ = now_ms;
    drip_bytes_ = 0;
    ArmTimer();
  } else {
    drip_bytes_ += static_cast<uint32_t>(result.bytes);
  }
  unsent_ = sink.TakeUnsent(result.bytes);
  return true;
}

void Connection::OnWritten() {
  if (finishing_ || peer_closed_ || loop_.draining()) {
    Linger();
    return;
  }
  request_->exchange.reset();
  state_ = State::kReading;
  since_ms_ = loop_.event_loop().now_ms();
  ArmTimer();
}

void Connection::Linger() {
  socket_.ShutdownWrite();
  if (peer_closed_) {
    Close();
    return;
  }
  if (stream_ != nullptr) stream_->Detach();
  state_ = State::kLingering;
  received_ = 0;
  since_ms_ = loop_.event_loop().now_ms();
  ArmTimer();
}

bool Connection::Drain() {
  if (state_ == State::kStreaming && !finishing_) {
    // A reader that keeps up goes with all that there is.
    Drive();
    if (state_ != State::kStreaming || finishing_) return true;
    const std::string retry = absl::StrCat(
        "retry: ", absl::ToInt64Milliseconds(loop_.JitteredRetry()), "\n");
    unsent_.push_back({Shared(chunked_ ? Chunk(retry) : retry)});
    finishing_ = true;
    Drive();
    return true;
  }
  if (state_ == State::kReading && request_->input.empty()) {
    Linger();
    return true;
  }
  return false;
}

int64_t Connection::Deadline() const {
  const HttpOptions& options = loop_.options();
  switch (state_) {
    case State::kReading:
      return since_ms_ + absl::ToInt64Milliseconds(options.header_timeout);
    case State::kBody:
      return since_ms_ + absl::ToInt64Milliseconds(options.body_timeout);
    case State::kStreaming:
      return StreamDeadline();
    case State::kWriting:
      return since_ms_ + absl::ToInt64Milliseconds(options.write_timeout);
    case State::kLingering:
      return since_ms_ + kLingerMs;
    case State::kWaiting:
    case State::kClosed:
      break;
  }
  return loop_.event_loop().now_ms() + 1000;
}

int64_t Connection::StreamDeadline() const {
  const HttpOptions& options = loop_.options();
  int64_t due;
  if (blocked_ || stream_ == nullptr) {
    due = since_ms_ + absl::ToInt64Milliseconds(options.write_timeout);
  } else {
    due = since_ms_ + stream_->heartbeat_ms();
  }
  if (blocked_) {
    due = std::min(
        due, drip_since_ms_ + absl::ToInt64Milliseconds(options.drip_timeout));
  }
  return close_at_ms_ == 0 ? due : std::min(due, close_at_ms_);
}

void Connection::ArmTimer() {
  if (state_ != State::kClosed)
    loop_.event_loop().timers().Arm(*this, Deadline());
}

void Connection::OnTimer() {
  // Traffic moves deadlines without arming the timer anew, which would cost
  // each delivery a little.
  if (Deadline() <= loop_.event_loop().now_ms()) OnTimeout();
  ArmTimer();
}

void Connection::OnTimeout() {
  switch (state_) {
    case State::kReading:
      if (request_->input.empty()) {
        Close();
      } else {
        Refuse({408, "the request took too long"});
      }
      return;
    case State::kBody:
      request_->exchange->body().Refuse(408, "the body took too long");
      Process();
      return;
    case State::kStreaming:
      OnStreamTimeout();
      return;
    case State::kWriting:
    case State::kLingering:
      Close();
      return;
    case State::kWaiting:
    case State::kClosed:
      return;
  }
}

void Connection::OnStreamTimeout() {
  const int64_t now_ms = loop_.event_loop().now_ms();
  if (close_at_ms_ != 0 && close_at_ms_ <= now_ms) {
    close_at_ms_ = 0;
    Drain();
  } else if (blocked_ && TakesTooLittle(now_ms)) {
    Close();
  } else if (!blocked_) {
    static const SharedBytes kChunked = Shared(Chunk(kHeartbeat));
    static const SharedBytes kRaw = Shared(std::string(kHeartbeat));
    unsent_.push_back({chunked_ ? kChunked : kRaw});
    Drive();
  }
}

bool Connection::TakesTooLittle(int64_t now_ms) {
  const HttpOptions& options = loop_.options();
  if (since_ms_ + absl::ToInt64Milliseconds(options.write_timeout) <= now_ms)
    return true;
  const int64_t elapsed_ms = now_ms - drip_since_ms_;
  if (elapsed_ms < absl::ToInt64Milliseconds(options.drip_timeout))
    return false;
  if (drip_bytes_ < kMinBytesASecond * elapsed_ms / 1000) return true;
  drip_since_ms_ = now_ms;
  drip_bytes_ = 0;
  return false;
}

void Connection::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  if (stream_ != nullptr) stream_->Detach();
  Disarm();
  loop_.Remove(*this);
}

}  // namespace sluice
