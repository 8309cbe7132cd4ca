// Standard error: notes for the user, and one line of progress that is
// rewritten in place.
//
// Threads: one.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice {

class Terminal {
 public:
  // Shows progress if `fd` is a terminal and `quiet` is not set. Does not own
  // `fd`.
  Terminal(int fd, bool quiet);
  // Clears the progress.
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Whether progress and summaries are shown at all.
  bool shows_progress() const { return shows_progress_; }

  // Writes `sluice: <sentence>` on a line of its own, whatever the settings.
  void Note(absl::string_view sentence);

  // Writes `text` as Note does, but only where progress is shown.
  void Summary(absl::string_view text);

  // Rewrites the line of progress, at most five times a second by `now` (any
  // clock that never goes back); nothing if the last one was less than that
  // ago.
  void Progress(absl::string_view text, absl::Time now);

  // Takes the line of progress away.
  void Clear();

 private:
  void Write(absl::string_view text);

  const int fd_;
  const bool shows_progress_;
  bool line_shown_ = false;
  absl::Time next_ = absl::InfinitePast();
};

}  // namespace sluice
