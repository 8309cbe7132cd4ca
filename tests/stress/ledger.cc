#include "tests/stress/ledger.h"

#include <algorithm>
#include <chrono>

#include "absl/hash/hash.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bridge/base/error_table.h"

namespace sluice {
namespace {

constexpr std::chrono::seconds kPatience(60);

std::string ErrorData(const Failure& failure) {
  return absl::StrCat("{\"code\":\"", ErrorRowOf(failure.code).name,
                      "\",\"message\":\"", failure.message, "\"}");
}

}  // namespace

uint64_t DigestOf(absl::string_view type, absl::string_view data) {
  return absl::HashOf(type, data);
}

std::string EventText(absl::string_view producer, uint64_t number,
                      size_t padding) {
  return absl::StrCat(producer, ":", number, ":", std::string(padding, 'x'));
}

void TopicLedger::CheckProducer(absl::string_view data, Findings& findings) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(data, absl::MaxSplits(':', 2));
  uint64_t number = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[1], &number)) return;
  uint64_t& next = next_[parts[0]];
  if (number != next) {
    findings.Add(number < next ? Findings::kDoubled : Findings::kLost,
                 absl::StrCat("the log has ", number, " of producer ", parts[0],
                              " where ", next, " is due"));
  }
  next = number + 1;
}

void TopicLedger::Add(const Entry& entry, Findings& findings) {
  LedgerEntry added;
  added.offset = entry.offset();
  added.is_end = entry.is_end();
  added.silent = entry.silent_end();
  MutexLock lock(mutex_);
  if (entry.is_end()) {
    if (const auto& failure = entry.end().failure)
      added.digest = DigestOf("error", ErrorData(*failure));
  } else {
    added.id = std::string(entry.id());
    added.digest = DigestOf(entry.type(), entry.data());
    if (!added.id.empty()) ids_[added.id] = entries_.size();
    CheckProducer(entry.data(), findings);
  }
  if (!entries_.empty() && entries_.back().is_end) {
    findings.Add(Findings::kOther,
                 absl::StrCat(entry.topic(), " goes on after its end"));
  }
  entries_.push_back(std::move(added));
  grown_.NotifyAll();
}

size_t TopicLedger::size() const {
  MutexLock lock(mutex_);
  return entries_.size();
}

LedgerEntry TopicLedger::At(size_t index) const {
  MutexLock lock(mutex_);
  return entries_[index];
}

size_t TopicLedger::IndexAfterLocked(Offset after) const {
  const auto it = std::upper_bound(entries_.begin(), entries_.end(), after,
                                   [](Offset offset, const LedgerEntry& entry) {
                                     return offset < entry.offset;
                                   });
  return static_cast<size_t>(it - entries_.begin());
}

size_t TopicLedger::IndexAfter(Offset after) const {
  MutexLock lock(mutex_);
  return IndexAfterLocked(after);
}

bool TopicLedger::WaitForEntryAfter(Offset after, size_t* index) const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  MutexLock lock(mutex_);
  while ((*index = IndexAfterLocked(after)) == entries_.size()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    grown_.WaitUntil(mutex_, deadline);
  }
  return true;
}

bool TopicLedger::WaitForId(const std::string& id, size_t* index) const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  MutexLock lock(mutex_);
  auto it = ids_.end();
  while ((it = ids_.find(id)) == ids_.end()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    grown_.WaitUntil(mutex_, deadline);
  }
  *index = it->second;
  return true;
}

size_t TopicLedger::EventsBefore(size_t count) const {
  MutexLock lock(mutex_);
  const bool end_counted =
      count == entries_.size() && !entries_.empty() && entries_.back().is_end;
  return count - (end_counted ? 1 : 0);
}

void Ledger::Record(absl::Span<const EntryRef> committed) {
  for (const EntryRef& entry : committed) {
    {
      MutexLock lock(mutex_);
      if (entry->offset() <= last_) {
        findings_.Add(
            Findings::kReordered,
            absl::StrCat("commit ", entry->offset(), " is told after ", last_));
      }
      last_ = entry->offset();
      ++entries_;
      lines_.push_back(
          {entry->offset(), std::make_shared<const std::string>(entry->topic()),
           entry->is_end(),
           entry->is_end() ? 0 : DigestOf(entry->type(), entry->data())});
      if (lines_.size() > kMaxLines) {
        forgotten_ = lines_.front().offset;
        lines_.pop_front();
      }
      grown_.NotifyAll();
    }
    Open(entry->topic())->Add(*entry, findings_);
  }
}

bool Ledger::LinesAfter(Offset after, Offset to,
                        std::vector<Line>* lines) const {
  lines->clear();
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  MutexLock lock(mutex_);
  while (last_ < to) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    grown_.WaitUntil(mutex_, deadline);
  }
  if (after < forgotten_) return false;
  auto it = std::upper_bound(
      lines_.begin(), lines_.end(), after,
      [](Offset offset, const Line& line) { return offset < line.offset; });
  for (; it != lines_.end() && it->offset <= to; ++it) lines->push_back(*it);
  return true;
}

std::shared_ptr<TopicLedger> Ledger::Open(const std::string& topic) {
  MutexLock lock(mutex_);
  std::shared_ptr<TopicLedger>& ledger = topics_[topic];
  if (ledger == nullptr) ledger = std::make_shared<TopicLedger>();
  return ledger;
}

void Ledger::Forget(const std::string& topic) {
  MutexLock lock(mutex_);
  topics_.erase(topic);
}

uint64_t Ledger::entries() const {
  MutexLock lock(mutex_);
  return entries_;
}

}  // namespace sluice
