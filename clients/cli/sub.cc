#include "clients/cli/sub.h"

#include <poll.h>

#include <algorithm>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "clients/cli/exit_code.h"
#include "clients/cli/http_stream.h"
#include "clients/cli/limits.h"
#include "clients/cli/output.h"
#include "clients/cli/pace.h"
#include "clients/cli/sluice_stream.h"
#include "clients/cli/status_text.h"
#include "clients/cli/sub_text.h"
#include "clients/cli/terminal.h"

namespace sluice {
namespace {

constexpr std::size_t kMaxErrorBody = std::size_t{64} << 10;
constexpr int kMissedHeartbeats = 3;
// How long the second event of a failed end may come after the first: they are
// one chunk, but a network may cut that in two.
constexpr absl::Duration kHold = absl::Seconds(1);

// What a proxy answers while the bridge behind it is away.
bool IsProxysOwn(int status) {
  return status == 502 || status == 503 || status == 504;
}

class Sub {
 public:
  Sub(const SubOptions& options, const Endpoints& endpoints, const Io& io)
      : options_(options),
        endpoints_(endpoints),
        io_(io),
        silence_(kMissedHeartbeats * options.heartbeat),
        terminal_(io.err, options.quiet),
        output_(io.out, io.interrupt),
        events_(kMaxJsonEventBytes, options.error_event),
        reconnect_(options.reconnect) {}

  int Run();

 private:
  // An exit code, once it is known.
  using Exit = absl::optional<int>;

  HttpRequest Request() const;
  // One connection, until it is over. No exit: comes back at `next_`.
  Exit Follow();
  Exit Turn();
  Exit AwaitReturn();

  bool IsStream() const;
  void TakeConnected();
  Exit TakeBody(const std::string& bytes);
  Exit TakeItems(const std::vector<StreamItem>& items);
  Exit TakeItem(const StreamItem& item);
  Exit TakeResult();
  Exit TakeError();
  Exit NotReached(absl::string_view reason);
  Exit ComeBack(absl::string_view reason);
  Exit ReleaseHeld();
  int End();
  Exit Flush();

  void Print(const SseEvent& event);
  void TakeEnded(const SseEvent& event);
  void Tell(absl::string_view sentence);
  int Fail(absl::string_view sentence);

  const SubOptions& options_;
  const Endpoints& endpoints_;
  const Io& io_;
  const absl::Duration silence_;
  Terminal terminal_;
  Output output_;
  SluiceStream events_;
  Reconnect reconnect_;
  std::minstd_rand random_{std::random_device{}()};

  std::unique_ptr<HttpStream> stream_;
  std::string error_body_;
  // This connection is an event stream; there has been one.
  bool connected_ = false;
  bool was_connected_ = false;
  // One of several topics has failed.
  bool any_failed_ = false;
  // An outage that the user knows of.
  bool lost_ = false;
  // When something came last.
  absl::Time heard_;
  // When what is held back turns out to be an event like any other.
  absl::Time release_;
  absl::Time next_;
};

int Sub::Run() {
  while (true) {
    if (const Exit exit = Follow()) return *exit;
    stream_.reset();
    if (const Exit exit = AwaitReturn()) return *exit;
  }
}

HttpRequest Sub::Request() const {
  HttpRequest request;
  request.url = EventsUrl(endpoints_.http, options_);
  request.headers = {"Accept: text/event-stream"};
  const std::string& id = events_.last_event_id().empty()
                              ? options_.last_event_id
                              : events_.last_event_id();
  if (!id.empty())
    request.headers.push_back(absl::StrCat("Last-Event-ID: ", id));
  return request;
}

Sub::Exit Sub::Follow() {
  events_.Restart();
  stream_ = std::make_unique<HttpStream>(Request());
  error_body_.clear();
  connected_ = false;
  heard_ = SteadyNow();
  release_ = absl::InfiniteFuture();
  while (!io_.interrupt.raised()) {
    if (const Exit exit = Turn()) return exit;
    if (stream_->done()) return TakeResult();
    if (SteadyNow() - heard_ < silence_) continue;
    const std::string reason =
        absl::StrCat("nothing came for ", absl::FormatDuration(silence_));
    return connected_
               ? ComeBack(absl::StrCat("the connection was lost: ", reason))
               : NotReached(reason);
  }
  return io_.interrupt.exit_code();
}

Sub::Exit Sub::Turn() {
  const absl::Time until = std::min(heard_ + silence_, release_);
  stream_->Wait(std::max(until - SteadyNow(), absl::ZeroDuration()),
                {io_.interrupt.fd()}, io_.out);
  const std::string bytes = stream_->Take();
  if (const Exit exit = TakeBody(bytes)) return exit;
  if (SteadyNow() >= release_) {
    if (const Exit exit = ReleaseHeld()) return exit;
  }
  if (const Exit exit = Flush()) return exit;
  if (output_.closed()) return kExitFailure;
  // After the output: while its reader paused, nobody listened.
  if (!bytes.empty()) heard_ = SteadyNow();
  if (!events_.holds()) {
    release_ = absl::InfiniteFuture();
  } else if (release_ == absl::InfiniteFuture()) {
    release_ = SteadyNow() + kHold;
  }
  return absl::nullopt;
}

Sub::Exit Sub::AwaitReturn() {
  while (!io_.interrupt.raised()) {
    const absl::Duration left = next_ - SteadyNow();
    if (left <= absl::ZeroDuration()) return absl::nullopt;
    pollfd fds[] = {{io_.interrupt.fd(), POLLIN, 0}, {io_.out, 0, 0}};
    const auto milliseconds =
        absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1)));
    poll(fds, 2, static_cast<int>(milliseconds));
    if (output_.closed()) return kExitFailure;
  }
  return io_.interrupt.exit_code();
}

bool Sub::IsStream() const {
  return stream_->status() == 200 && stream_->is_event_stream();
}

Sub::Exit Sub::TakeBody(const std::string& bytes) {
  if (bytes.empty()) return absl::nullopt;
  if (!IsStream()) {
    error_body_.append(bytes);
    if (error_body_.size() > kMaxErrorBody) return TakeError();
    return absl::nullopt;
  }
  TakeConnected();
  std::vector<StreamItem> items;
  const absl::Status status = events_.Feed(bytes, items);
  if (const Exit exit = TakeItems(items)) return exit;
  if (!status.ok()) return Fail(status.message());
  return absl::nullopt;
}

void Sub::TakeConnected() {
  if (std::exchange(connected_, true)) return;
  was_connected_ = true;
  reconnect_.Connected();
  if (std::exchange(lost_, false)) terminal_.Summary("connected again");
}

Sub::Exit Sub::TakeItems(const std::vector<StreamItem>& items) {
  for (const StreamItem& item : items) {
    if (const Exit exit = TakeItem(item)) return exit;
  }
  return absl::nullopt;
}

Sub::Exit Sub::TakeItem(const StreamItem& item) {
  switch (item.kind) {
    case StreamItem::Kind::kEvent:
      Print(item.event);
      TakeEnded(item.event);
      return absl::nullopt;
    case StreamItem::Kind::kGap:
      if (options_.json) Print(item.event);
      Tell(GapSentence(item.event));
      return absl::nullopt;
    case StreamItem::Kind::kCompleted:
      return End();
    case StreamItem::Kind::kFailed:
      return Fail(absl::StrCat("the topic failed: ", CodeName(item.code), ": ",
                               item.message));
  }
  return absl::nullopt;
}

Sub::Exit Sub::TakeResult() {
  const bool complete = stream_->result().ok();
  // Nothing is left of a topic that has ended; or this was the end of one that
  // is not marked.
  if (stream_->status() == 204 ||
      (complete && IsStream() && stream_->has_end())) {
    return End();
  }
  if (stream_->status() == 0) return NotReached(stream_->result().message());
  if (!IsStream())
    return complete ? TakeError() : NotReached(stream_->result().message());
  // Its head may have come alone.
  TakeConnected();
  return ComeBack(complete ? "the connection was lost: the stream broke off"
                           : stream_->result().message());
}

Sub::Exit Sub::TakeError() {
  const std::string sentence = RefusalSentence(
      endpoints_.http, stream_->status(), stream_->content_type(), error_body_);
  if (was_connected_ && IsProxysOwn(stream_->status()))
    return ComeBack(sentence);
  return Fail(sentence);
}

Sub::Exit Sub::NotReached(absl::string_view reason) {
  if (!was_connected_)
    return Fail(UnreachableSentence(endpoints_.http, reason));
  return ComeBack(absl::StrCat("can't reach the bridge at ", endpoints_.http,
                               " (HTTP): ", reason));
}

Sub::Exit Sub::ComeBack(absl::string_view reason) {
  const absl::Time now = SteadyNow();
  const double random = std::uniform_real_distribution<double>(0, 1)(random_);
  const auto wait = reconnect_.Lost(now, events_.retry(), random);
  if (!wait) {
    if (const Exit exit = ReleaseHeld()) return exit;
    if (options_.reconnect.at_most <= absl::ZeroDuration()) return Fail(reason);
    return Fail(absl::StrCat(reason, "; gave up after ",
                             absl::FormatDuration(options_.reconnect.at_most)));
  }
  if (!std::exchange(lost_, true)) Tell(absl::StrCat(reason, "; coming back"));
  next_ = now + *wait;
  return absl::nullopt;
}

Sub::Exit Sub::ReleaseHeld() {
  std::vector<StreamItem> items;
  events_.Release(items);
  if (const Exit exit = TakeItems(items)) return exit;
  return Flush();
}

int Sub::End() {
  return ReleaseHeld().value_or(any_failed_ ? kExitFailure : kExitOk);
}

Sub::Exit Sub::Flush() {
  const int code = FlushOutput(output_, io_.interrupt, terminal_);
  return code == kExitOk ? Exit() : code;
}

void Sub::Print(const SseEvent& event) {
  absl::StrAppend(&output_.text(), EventLines(options_, event));
}

// Of several topics one has ended; the stream goes on with the others.
void Sub::TakeEnded(const SseEvent& event) {
  const auto ended = IsOfSeveral(options_) ? ParseEnded(event) : absl::nullopt;
  if (!ended) return;
  if (!ended->failed) return Tell(ended->sentence);
  any_failed_ = true;
  // It is why the exit code will be what it is.
  static_cast<void>(Flush());
  terminal_.Note(ended->sentence);
}

void Sub::Tell(absl::string_view sentence) {
  if (options_.quiet) return;
  // What came before is to be seen before it.
  static_cast<void>(Flush());
  terminal_.Note(sentence);
}

int Sub::Fail(absl::string_view sentence) {
  static_cast<void>(Flush());
  terminal_.Note(sentence);
  return kExitFailure;
}

}  // namespace

int RunSub(const SubOptions& options, const Endpoints& endpoints,
           const Io& io) {
  return Sub(options, endpoints, io).Run();
}

}  // namespace sluice
