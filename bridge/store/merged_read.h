#pragma once

#include <vector>

#include "absl/time/time.h"
#include "bridge/store/store.h"
#include "bridge/store/topic_directory.h"

namespace sluice {

// Reads a memory store's topics as one, in the log's order: a view of the store
// at one moment, for one call.
//
// Thread safety: none; made and used under the store's lock.
class MergedRead {
 public:
  // `forgotten`: what topics that are not there may have lost.
  MergedRead(const TopicDirectory& directory, const Hole& forgotten,
             uint64_t losses, Offset visible_end, absl::Time now)
      : directory_(directory),
        forgotten_(forgotten),
        losses_(losses),
        visible_end_(visible_end),
        now_(now) {}

  Store::Overview Describe(const Selector& selector, uint64_t last) const;
  Store::Segment Read(const Selector& selector, Offset after,
                      size_t max_bytes) const;

 private:
  Offset EndedAt(const Selector& selector) const;
  std::vector<Hole> Holes(const Selector& selector,
                          const std::vector<const TopicLog*>& logs,
                          Offset after) const;

  const TopicDirectory& directory_;
  const Hole& forgotten_;
  const uint64_t losses_;
  const Offset visible_end_;
  const absl::Time now_;
};

}  // namespace sluice
