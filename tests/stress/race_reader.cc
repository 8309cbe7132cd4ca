#include "tests/stress/race_reader.h"

#include "absl/strings/str_cat.h"

namespace sluice {

void RaceReader::Subscribe(int port, const std::string& topic,
                           absl::string_view query) {
  client_ = std::make_unique<RawClient>(port);
  taken_ = 0;
  complete_ = false;
  status_ = 0;
  client_->Send(absl::StrCat(
      "GET /v1/topics/", topic, "/events", query,
      " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n",
      events_.empty()
          ? ""
          : absl::StrCat("Last-Event-ID: ", events_.back().id, "\r\n"),
      "\r\n"));
}

bool RaceReader::WaitUntilOpen() { return WaitFor(": sluice\n"); }

bool RaceReader::WaitFor(absl::string_view text) {
  return client_->ReadUntil(text);
}

void RaceReader::Take() {
  status_ = StatusOf(client_->received());
  if (status_ != 200) return;
  std::vector<SseEvent> all =
      ParseEvents(Unchunk(BodyOf(client_->received()), &complete_));
  for (; taken_ < all.size(); ++taken_)
    events_.push_back(std::move(all[taken_]));
}

void RaceReader::Leave(bool reset) {
  Take();
  if (reset) client_->Reset();
  client_.reset();
}

bool RaceReader::ReadToEnd() {
  client_->ReadToEnd();
  Take();
  client_.reset();
  return complete_;
}

std::vector<std::string> RaceReader::texts() const {
  std::vector<std::string> texts;
  for (const SseEvent& event : events_)
    texts.push_back(event.type.empty() ? event.data : event.type);
  return texts;
}

}  // namespace sluice
