#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bridge/base/mutex.h"

namespace sluice {

// What was found to be wrong: each kind is counted, and the first of each are
// kept word by word.
//
// Thread safety: any thread.
class Findings {
 public:
  enum Kind { kLost, kDoubled, kReordered, kOther, kKinds };

  void Add(Kind kind, absl::string_view what);

  int count(Kind kind) const;
  bool none() const;

  // The first of them, a line each.
  std::string ToString() const;

 private:
  static constexpr int kKept = 10;

  mutable Mutex mutex_;
  int counts_[kKinds] ABSL_GUARDED_BY(mutex_) = {};
  std::vector<std::string> kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
