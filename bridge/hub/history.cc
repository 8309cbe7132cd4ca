#include "bridge/hub/history.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

// What was lost after the place had been found, before it was read.
void TellHoles(const std::vector<Hole>& holes, const std::string& asked,
               Offset after, const Epoch& epoch, absl::optional<Gap>& gap) {
  if (asked.empty()) return;
  for (const Hole& hole : holes) {
    const absl::optional<Gap> lost = GapAfter(after, hole.lost, epoch);
    if (!lost) continue;
    if (!gap) gap = Gap{asked, lost->resumed, lost->reason};
    gap->resumed = lost->resumed;
  }
}

void TakeEntries(const Store::Segment& segment, uint64_t limit,
                 HistoryPage& page) {
  for (const EntryRef& entry : segment.entries) {
    if (entry->is_end()) {
      page.end = entry;
    } else if (page.events.size() == limit) {
      page.cursor = page.events.back()->offset();
      return;
    } else {
      page.events.push_back(entry);
    }
  }
  page.cursor = page.end == nullptr ? segment.reached : page.end->offset();
}

}  // namespace

void ReadHistory(Hub& hub, const std::string& topic,
                 const HistoryRequest& request,
                 std::function<void(HistoryPage)> done) {
  StartAt start{request.after, TopicSettings::Start::kEarliest, request.last};
  const uint64_t limit = request.last.value_or(request.limit);
  const bool is_read = hub.Subscribers(topic) > 0;
  Store& store = hub.store();
  store.Describe(
      topic, IdToLookUp(start), request.last.value_or(0),
      [&store, topic, start, limit, is_read,
       done = std::move(done)](const Store::Description& description) {
        if (!description.info && !is_read) return done({});
        const Place place = FindPlace(start, description, store.epoch());
        const EntryRef end =
            description.info ? description.info->end : EntryRef();
        store.Read(Selector(topic), place.after, kMaxPageBytes,
                   [&store, start, limit, place, end,
                    done](const Store::Segment& segment) {
                     HistoryPage page;
                     page.there = true;
                     page.gap = place.gap;
                     TellHoles(segment.holes, start.id, place.after,
                               store.epoch(), page.gap);
                     TakeEntries(segment, limit, page);
                     if (end != nullptr && place.after >= end->offset()) {
                       page.end = end;
                       page.cursor = end->offset();
                     }
                     done(std::move(page));
                   });
      });
}

}  // namespace sluice
