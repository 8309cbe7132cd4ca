#include "tests/stress/findings.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sluice {

void Findings::Add(Kind kind, absl::string_view what) {
  static constexpr absl::string_view kNames[kKinds] = {"lost", "doubled",
                                                       "reordered", "wrong"};
  MutexLock lock(mutex_);
  if (++counts_[kind] <= kKept)
    kept_.push_back(absl::StrCat(kNames[kind], ": ", what));
}

int Findings::count(Kind kind) const {
  MutexLock lock(mutex_);
  return counts_[kind];
}

bool Findings::none() const {
  MutexLock lock(mutex_);
  return kept_.empty();
}

std::string Findings::ToString() const {
  MutexLock lock(mutex_);
  return absl::StrJoin(kept_, "\n");
}

}  // namespace sluice
