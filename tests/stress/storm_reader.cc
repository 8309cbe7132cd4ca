#include "tests/stress/storm_reader.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

// More than a subscriber may send.
constexpr size_t kShoutBytes = 80 << 10;

}  // namespace

StormReader::StormReader(Storm& storm, std::unique_ptr<Following> following,
                         std::function<void()> gone, Fleet& fleet,
                         ReaderTotals& totals, uint64_t seed, bool patient)
    : storm_(storm),
      following_(std::move(following)),
      gone_(std::move(gone)),
      fleet_(fleet),
      totals_(totals),
      dice_(seed),
      patient_(patient),
      read_bytes_(dice_.OneIn(4) ? dice_.Between(200, 4000) : 64 << 10) {
  ++totals_.readers;
}

StormReader::~StormReader() {
  totals_.delivered += following_->delivered();
  totals_.gaps += following_->gaps();
  gone_();
}

std::string StormReader::ToString() const {
  return absl::StrCat(patient_ ? "a patient reader, " : "a reader, ",
                      fd_.valid() ? "connected, " : "not connected, ",
                      opened_ ? "opened, " : "not opened, ",
                      stalled_ ? "stalled, " : "",
                      asks_once_more_ ? "asks once more, " : "", received_,
                      " bytes, ", following_->ToString());
}

void StormReader::Report(absl::string_view what) {
  storm_.findings.Add(Findings::kOther, absl::StrCat(what, ": ", ToString()));
}

bool StormReader::excused() const {
  return told_to_return_ || provoked_ || fleet_.lagged() ||
         storm_.GoneSince(generation_);
}

Following::Start StormReader::PickStart() {
  using Start = Following::Start;
  if (following_->ended())
    return asks_once_more_ ? Start::kPlace : Start::kBeforeLast;
  if (!following_->placed()) {
    constexpr Start kFresh[] = {Start::kEarliest, Start::kEarliest,
                                Start::kEarliest, Start::kLatest,
                                Start::kLast,     Start::kRubbish};
    return kFresh[dice_.Below(std::size(kFresh))];
  }
  if (dice_.OneIn(20)) {
    constexpr Start kAnew[] = {Start::kEarliest, Start::kLatest,
                               Start::kLast,     Start::kRubbish,
                               Start::kForeign,  Start::kBeyond};
    return kAnew[dice_.Below(std::size(kAnew))];
  }
  constexpr Start kResume[] = {Start::kLastId, Start::kLastId, Start::kPlace,
                               Start::kBeforeLast};
  return kResume[dice_.Below(std::size(kResume))];
}

void StormReader::PlanDeed() {
  constexpr Deed kDeeds[] = {Deed::kStay,  Deed::kReset,     Deed::kReset,
                             Deed::kClose, Deed::kHalfClose, Deed::kStall,
                             Deed::kStall, Deed::kTalk,      Deed::kShout};
  deed_ = patient_ ? Deed::kStay : kDeeds[dice_.Below(std::size(kDeeds))];
  deed_bytes_ = received_ + dice_.Below(dice_.OneIn(3) ? 300 : 100 << 10);
  deed_ms_ = fleet_.now_ms() + static_cast<int64_t>(dice_.Below(1500));
}

void StormReader::Connect() {
  generation_ = storm_.generation;
  const int port = storm_.side.port();
  if (port != 0) {
    fd_ = BeginConnect(port, !patient_ && dice_.OneIn(3) ? 4096 : 0);
  }
  if (!fd_.valid()) return Leave(20);
  ++totals_.connections;
  asks_once_more_ = following_->ended() && !dice_.OneIn(4);
  sent_ = opened_ = told_to_return_ = provoked_ = stalled_ = false;
  received_ = 0;
  response_ = std::make_unique<ResponseReader>();
  PlanDeed();
  fleet_.Watch(fd_, *this);
}

void StormReader::SendRequest() {
  sent_ = true;
  const Following::Wish wish = following_->Ask(PickStart());
  std::string target = following_->Target();
  const auto add = [&target](absl::string_view parameter) {
    const bool first = !absl::StrContains(target, '?');
    absl::StrAppend(&target, first ? "?" : "&", parameter);
  };
  if (!wish.parameter.empty()) add(wish.parameter);
  std::string fields;
  if (!wish.id.empty()) {
    // The header wins over the query.
    const uint64_t way = dice_.Below(3);
    if (way != 0) absl::StrAppend(&fields, "Last-Event-ID: ", wish.id, "\r\n");
    if (way != 1)
      add(absl::StrCat("last_event_id=", way == 0 ? wish.id : "rubbish"));
  }
  if (dice_.OneIn(10)) add("heartbeat=1");
  // Without chunks, a silent end looks like any close.
  const bool raw = !following_->ends_in_silence() && dice_.OneIn(8);
  const std::string request = absl::StrCat(
      "GET ", target, " HTTP/1.", raw ? "0" : "1",
      "\r\nHost: h\r\nAccept: text/event-stream\r\n", fields, "\r\n");
  if (!patient_ && dice_.OneIn(30)) {
    // Gone with half of a head, or before the first byte of the answer.
    send(fd_.get(), request.data(), dice_.Below(request.size() + 1),
         MSG_NOSIGNAL);
    CloseWithReset(fd_);
    return Leave(1);
  }
  send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL);
}

void StormReader::OnReady() {
  if (!fd_.valid()) return;
  if (!sent_) SendRequest();
  if (fd_.valid() && !stalled_) Read();
}

void StormReader::Read() {
  std::array<char, 64 << 10> buffer;
  while (fd_.valid() && !stalled_) {
    const ssize_t got = recv(fd_.get(), buffer.data(), read_bytes_, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return OnClosed();
    received_ += static_cast<size_t>(got);
    if (!response_->Feed({buffer.data(), static_cast<size_t>(got)})) {
      // Bytes that are cut off may be excused, but none that are wrong.
      Report(response_->error());
      return Leave(1);
    }
    for (const std::string& piece : response_->TakePieces()) OnPiece(piece);
    // Only a stream closes its connection.
    if (response_->status() == 204) return OnClosed();
    if (received_ >= deed_bytes_) DoDeed();
  }
}

void StormReader::OnPiece(const std::string& piece) {
  const bool has_event =
      absl::StartsWith(piece, "id: ") || absl::StrContains(piece, "\nid: ");
  if (asks_once_more_ && !excused()) Report("a stream instead of 204");
  const bool opens = !opened_;
  if (!opened_) {
    opened_ = absl::StrContains(piece, ": sluice\n");
    if (opened_) following_->OnOpened();
    if (!opened_ && !absl::StartsWith(piece, "retry: "))
      Report(absl::StrCat("an opening like ", piece));
  } else if (absl::StartsWith(piece, "retry: ")) {
    told_to_return_ = true;
  } else if (!has_event && piece != ": heartbeat\n") {
    Report(absl::StrCat("a chunk like ", piece.substr(0, 100)));
  }
  if (!has_event) return;
  const std::vector<SseEvent> events = ParseEvents(piece);
  const bool last_words =
      events.size() == 2 && events[1].data == "[DONE]" &&
      (events[0].type == "error" || events[0].type == "sluice.ended");
  if (events.size() != 1 && !last_words && !opens)
    Report(absl::StrCat("a chunk of ", events.size(), " events"));
  if (events.size() == 1 && events[0].type == "error" && response_->chunked())
    Report("an error without its end");
  for (const SseEvent& event : events) following_->OnEvent(event);
}

void StormReader::OnClosed() {
  const int status = response_->status();
  if (status == 204) {
    following_->OnNoContent();
    done_ = asks_once_more_ || dice_.OneIn(2);
  } else if (status == 200 && response_->complete()) {
    following_->OnLastChunk();
  } else if (status == 200 && following_->ended() &&
             (!response_->chunked() || excused())) {
    // Without chunks the close is the last chunk.
  } else if (!excused() || (status != 0 && status != 200)) {
    Report(absl::StrCat("closed with status ", status, " and no reason"));
  } else if (told_to_return_ && response_->in_a_piece() && !provoked_ &&
             !storm_.GoneSince(generation_)) {
    Report("closed within a chunk");
  }
  // Whatever it was told instead of 204 has been reported.
  if (asks_once_more_ && !excused()) done_ = true;
  Leave(static_cast<int64_t>(dice_.Below(30)));
}

void StormReader::Leave(int64_t pause_ms) {
  fd_ = Fd();
  stalled_ = false;
  wake_ms_ = fleet_.now_ms() + pause_ms;
}

void StormReader::DoDeed() {
  const Deed deed = std::exchange(deed_, Deed::kStay);
  switch (deed) {
    case Deed::kStay:
      return;
    case Deed::kReset:
      CloseWithReset(fd_);
      return Leave(static_cast<int64_t>(dice_.Below(30)));
    case Deed::kClose:
      return Leave(static_cast<int64_t>(dice_.Below(30)));
    case Deed::kHalfClose:
      provoked_ = true;
      shutdown(fd_.get(), SHUT_WR);
      return;
    case Deed::kStall:
      stalled_ = true;
      wake_ms_ = fleet_.now_ms() + static_cast<int64_t>(dice_.Below(700));
      PlanDeed();
      return;
    case Deed::kTalk:
      send(fd_.get(), "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);
      return;
    case Deed::kShout: {
      provoked_ = true;
      const std::string shout(kShoutBytes, 'x');
      send(fd_.get(), shout.data(), shout.size(), MSG_NOSIGNAL);
      return;
    }
  }
}

void StormReader::Tick(int64_t now_ms) {
  if (done_) return;
  if (following_->endless() && storm_.calm && !following_->behind()) {
    following_->OnCalm();
    done_ = true;
    return Leave(0);
  }
  if (!fd_.valid()) {
    if (now_ms >= wake_ms_) Connect();
    return;
  }
  if (stalled_) {
    if (now_ms < wake_ms_) return;
    stalled_ = false;
    Read();
  } else if (deed_ != Deed::kStay && opened_ && now_ms >= deed_ms_) {
    DoDeed();
  }
}

}  // namespace sluice
