#include "clients/cli/pub.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "clients/cli/command_input.h"
#include "clients/cli/create_topic.h"
#include "clients/cli/exit_code.h"
#include "clients/cli/limits.h"
#include "clients/cli/line_splitter.h"
#include "clients/cli/pace.h"
#include "clients/cli/publish_report.h"
#include "clients/cli/publisher.h"
#include "clients/cli/terminal.h"
#include "clients/cli/wakeup.h"

namespace sluice {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;

// The loop between the input and the call. Neither may keep it from
// noticing the other, nor Ctrl-C.
class Pub {
 public:
  Pub(const PubOptions& options, const Io& io, Terminal& terminal,
      Publisher& publisher, const Wakeup& wakeup)
      : options_(options),
        io_(io),
        terminal_(terminal),
        publisher_(publisher),
        wakeup_(wakeup),
        end_(options.end),
        maker_(options.shape),
        limiter_(options.rate) {
    if (!options.command.empty())
      command_.emplace(options.command, options.command_grace);
  }

  // Until the call is over. What is wrong with the input is a sentence.
  absl::Status Run();

 private:
  bool over() const {
    return publisher_.done() && !(command_ && command_->alive());
  }
  void SteerCommand();
  void TakeResult(const absl::Status& result);
  void Wait();
  int Timeout() const;
  int InputFd() const;
  void Read();
  void ReadCommand();
  void TakeInput(absl::string_view bytes);
  void EndInput();
  void AddEvent(std::string input);
  void Refuse(absl::Status status);
  void Release();
  void StopInput();
  void Tell();
  void TellReaders(absl::optional<std::uint64_t> readers);

  const PubOptions& options_;
  const Io& io_;
  Terminal& terminal_;
  Publisher& publisher_;
  const Wakeup& wakeup_;

  absl::optional<CommandInput> command_;
  // What is sent after the input.
  absl::optional<v1::End> end_;
  LineSplitter splitter_{kMaxInputEventBytes};
  std::string whole_;
  EventMaker maker_;
  std::uint64_t made_ = 0;
  // Made, but not yet due: what one read brings, at most.
  std::deque<v1::Event> held_;
  RateLimiter limiter_;
  RateMeter meter_;
  absl::Status input_status_;
  bool input_over_ = false;
  bool interrupted_ = false;
  bool told_cleaned_ = false;
  // What was told last; by this the command is steered, too.
  absl::optional<std::uint64_t> readers_;
};

absl::Status Pub::Run() {
  while (!over()) {
    if (!interrupted_ && io_.interrupt.raised()) {
      interrupted_ = true;
      end_.reset();
      StopInput();
    }
    Tell();
    SteerCommand();
    Release();
    if (!over()) Wait();
  }
  // The call may have brought a stop right before it was over.
  Tell();
  return input_status_;
}

void Pub::SteerCommand() {
  if (!command_) return;
  const bool wanted =
      !input_over_ && !publisher_.done() && readers_.value_or(0) > 0;
  const bool ran = command_->running();
  const absl::Status status = command_->Steer(wanted, made_, SteadyNow());
  // Half a line of one that was stopped is none.
  if (ran && command_->stopping()) static_cast<void>(splitter_.Finish());
  if (!status.ok()) Refuse(status);
  if (command_->result() && !input_over_) TakeResult(*command_->result());
}

// A command that failed has not brought what the topic is for.
void Pub::TakeResult(const absl::Status& result) {
  EndInput();
  if (result.ok()) return;
  if (input_status_.ok()) input_status_ = result;
  if (!end_ || end_->has_error()) return;
  end_->mutable_error()->set_code(static_cast<int>(result.code()));
  end_->mutable_error()->set_message(std::string(result.message()));
}

void Pub::Wait() {
  std::vector<pollfd> fds = {{wakeup_.fd(), POLLIN, 0}};
  if (!interrupted_) fds.push_back({io_.interrupt.fd(), POLLIN, 0});
  const int input = InputFd();
  if (input >= 0) fds.push_back({input, POLLIN, 0});
  if (poll(fds.data(), fds.size(), Timeout()) <= 0) return;
  wakeup_.Drain();
  if (input < 0 || fds.back().revents == 0) return;
  if (command_) {
    ReadCommand();
  } else {
    Read();
  }
}

// In milliseconds, as poll has it.
int Pub::Timeout() const {
  absl::Duration timeout = absl::InfiniteDuration();
  if (!held_.empty()) timeout = limiter_.Wait(SteadyNow());
  if (command_) timeout = std::min(timeout, command_->Wait(SteadyNow()));
  if (terminal_.shows_progress())
    timeout = std::min(timeout, absl::Milliseconds(200));
  if (timeout == absl::InfiniteDuration()) return -1;
  return static_cast<int>(absl::ToInt64Milliseconds(
      std::min(timeout, absl::Hours(1)) + absl::Microseconds(999)));
}

// What is to be read now; -1: nothing.
int Pub::InputFd() const {
  // One that is stopping may have to say something before it can go.
  if (command_ && command_->stopping()) return command_->fd();
  if (input_over_ || !held_.empty() || !publisher_.has_room()) return -1;
  return command_ ? command_->fd() : io_.in;
}

void Pub::ReadCommand() {
  char buffer[kReadBytes];
  const std::size_t count = command_->Read(buffer, sizeof(buffer));
  if (count > 0 && !command_->stopping()) TakeInput({buffer, count});
}

void Pub::Read() {
  char buffer[kReadBytes];
  const auto count = read(io_.in, buffer, sizeof(buffer));
  if (count > 0) return TakeInput({buffer, static_cast<std::size_t>(count)});
  if (count == 0) return EndInput();
  if (errno == EINTR || errno == EAGAIN) return;
  Refuse(absl::UnknownError(
      absl::StrCat("can't read standard input: ", std::strerror(errno))));
}

void Pub::TakeInput(absl::string_view bytes) {
  if (options_.shape.whole) {
    absl::StrAppend(&whole_, bytes);
    if (whole_.size() > kMaxInputEventBytes) {
      Refuse(absl::ResourceExhaustedError(absl::StrCat(
          "the input is larger than ", kMaxInputEventBytes, " bytes")));
    }
    return;
  }
  std::vector<std::string> lines;
  const absl::Status status = splitter_.Feed(bytes, lines);
  for (std::string& line : lines) AddEvent(std::move(line));
  if (!status.ok()) Refuse(status);
}

void Pub::EndInput() {
  if (options_.shape.whole) {
    AddEvent(std::move(whole_));
  } else if (auto line = splitter_.Finish()) {
    AddEvent(*std::move(line));
  }
  input_over_ = true;
}

void Pub::AddEvent(std::string input) {
  if (!input_status_.ok()) return;
  auto event = maker_.Make(std::move(input));
  if (!event.ok()) return Refuse(event.status());
  held_.push_back(*std::move(event));
  ++made_;
}

// What came before it is still published; the topic is not ended.
void Pub::Refuse(absl::Status status) {
  if (input_status_.ok()) input_status_ = std::move(status);
  end_.reset();
  input_over_ = true;
}

void Pub::Release() {
  const absl::Time now = SteadyNow();
  std::vector<v1::Event> due;
  while (!held_.empty() && limiter_.Take(now)) {
    due.push_back(std::move(held_.front()));
    held_.pop_front();
  }
  if (!due.empty()) publisher_.Send(std::move(due));
  if (input_over_ && held_.empty()) publisher_.Finish(end_);
}

// Nobody wants what has not been sent.
void Pub::StopInput() {
  input_over_ = true;
  held_.clear();
}

void Pub::Tell() {
  if (maker_.cleaned() && !std::exchange(told_cleaned_, true)) {
    terminal_.Note("the input is not all UTF-8; what is not becomes U+FFFD");
  }
  while (const auto reason = publisher_.TakeStop()) {
    terminal_.Note(reason->empty()
                       ? "a reader asks to stop"
                       : absl::StrCat("a reader asks to stop: ", *reason));
    if (options_.feedback || command_) StopInput();
  }
  const PublishCounts counts = publisher_.counts();
  if (counts.subscribers != readers_) TellReaders(counts.subscribers);
  ShowProgress(terminal_, counts, options_.acked, meter_);
}

void Pub::TellReaders(absl::optional<std::uint64_t> readers) {
  readers_ = readers;
  if (options_.quiet || !(options_.feedback || command_)) return;
  terminal_.Note(
      readers == 0
          ? "nobody reads"
          : absl::StrCat(*readers, *readers == 1 ? " reader" : " readers"));
}

}  // namespace

int RunPub(const PubOptions& options, const Endpoints& endpoints,
           const Io& io) {
  Terminal terminal(io.err, options.quiet);
  if (!options.command.empty()) io.interrupt.TakeTermination();
  const auto channel = ConnectGrpc(endpoints.grpc);
  absl::optional<std::string> problem;
  if (options.create) {
    problem = CreateTopic(channel, options.topic, endpoints.grpc, io.interrupt);
  } else if (!options.command.empty()) {
    // Nobody would ever come to read it.
    problem = CheckOpen(channel, options.topic, io.interrupt);
  }
  if (problem) {
    if (io.interrupt.raised()) return io.interrupt.exit_code();
    terminal.Note(*problem);
    return kExitFailure;
  }
  const absl::Time start = SteadyNow();
  const Wakeup wakeup;
  const auto publisher = Publisher::Start(
      channel,
      {options.topic,
       options.on_abort_fail ? v1::ON_ABORT_FAIL : v1::ON_ABORT_UNSPECIFIED,
       options.acked || options.feedback || !options.command.empty()},
      wakeup);
  const absl::Status input =
      Pub(options, io, terminal, *publisher, wakeup).Run();

  const bool published =
      ReportOutcome(terminal, *publisher, endpoints.grpc,
                    options.shape.whole ? "" : "line ", SteadyNow() - start);
  if (!input.ok()) terminal.Note(input.message());
  if (io.interrupt.raised()) return io.interrupt.exit_code();
  return published && input.ok() ? kExitOk : kExitFailure;
}

}  // namespace sluice
