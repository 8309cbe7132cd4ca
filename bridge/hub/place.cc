#include "bridge/hub/place.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

// The place for an id.
Place PlaceOfId(const std::string& id, const Store::Description& description,
                const Epoch& epoch) {
  Place place;
  place.after = description.lost.through();
  const absl::optional<Cursor> cursor = Cursor::Parse(id);
  if (!cursor) {
    if (description.found) {
      place.after = *description.found;
    } else {
      place.gap = Gap{id, place.after, GapReason::kUnknownId};
    }
  } else if (cursor->epoch != epoch) {
    place.gap = Gap{id, place.after, GapReason::kEpochChanged};
  } else if (cursor->offset > description.visible_end) {
    place.gap = Gap{id, place.after, GapReason::kUnknownId};
  } else {
    place.gap = GapAfter(cursor->offset, description.lost, epoch);
    if (place.gap) place.gap->requested = id;
    place.after = std::max(place.after, cursor->offset);
  }
  return place;
}

}  // namespace

absl::string_view GapReasonName(GapReason reason) {
  switch (reason) {
    case GapReason::kTrimmed:
      return "trimmed";
    case GapReason::kUnknownId:
      return "unknown_id";
    case GapReason::kEpochChanged:
      return "epoch_changed";
    case GapReason::kGone:
      return "gone";
  }
  return "";
}

absl::optional<Gap> GapAfter(Offset cursor, const Lost& lost,
                             const Epoch& epoch) {
  if (cursor >= lost.through()) return absl::nullopt;
  return Gap{
      Cursor{epoch, cursor}.ToString(), lost.through(),
      cursor < lost.gone_through ? GapReason::kGone : GapReason::kTrimmed};
}

std::string IdToLookUp(const StartAt& start) {
  return Cursor::Parse(start.id) ? std::string() : start.id;
}

Place FindPlace(const StartAt& start, const Store::Description& description,
                const Epoch& epoch) {
  const TopicInfo info = description.info.value_or(TopicInfo{});
  Place place;
  place.after = description.lost.through();
  if (!start.id.empty()) {
    place = PlaceOfId(start.id, description, epoch);
  } else if (start.last && *start.last > 0) {
    place.after = description.before_last;
  } else if (start.last ||
             start.start.value_or(description.settings.default_start) ==
                 TopicSettings::Start::kLatest) {
    // An ended topic has nothing later than its end, so that is told instead of
    // the place.
    place.tell_position = info.end == nullptr;
    place.after =
        info.end == nullptr ? description.visible_end : info.end->offset() - 1;
  }
  if (info.end != nullptr && !place.gap) {
    // An end that is not told leaves nothing once the events are read.
    const Offset last_told =
        info.end->silent_end() ? info.last_event : info.end->offset();
    place.nothing_left = place.after >= last_told;
  }
  return place;
}

Place FindPlace(const StartAt& start, const Selector& selector,
                const Store::Overview& overview, const Epoch& epoch) {
  Place place;
  if (!start.id.empty()) {
    const absl::optional<Cursor> cursor = Cursor::Parse(start.id);
    if (cursor && cursor->epoch == epoch &&
        cursor->offset <= overview.visible_end) {
      place.after = cursor->offset;
      if (overview.lost_through > place.after)
        place.ahead = {overview.lost_through, overview.losses};
      place.nothing_left =
          overview.ended_at != 0 && place.after >= overview.ended_at;
      return place;
    }
    place.after = overview.before_first;
    place.gap = Gap{start.id, 0,
                    cursor && cursor->epoch != epoch ? GapReason::kEpochChanged
                                                     : GapReason::kUnknownId};
  } else {
    const auto otherwise = selector.patterns().empty()
                               ? TopicSettings::Start::kEarliest
                               : TopicSettings::Start::kLatest;
    if (start.last && *start.last > 0) {
      place.after = overview.before_last;
    } else if (start.last || start.start.value_or(otherwise) ==
                                 TopicSettings::Start::kLatest) {
      place.tell_position = overview.ended_at == 0;
      place.after = overview.visible_end;
    } else {
      place.after = overview.before_first;
    }
  }
  // The last end is told where it stands: with it the stream is over.
  if (overview.ended_at != 0)
    place.after = std::min(place.after, overview.ended_at - 1);
  if (place.gap) place.gap->resumed = place.after;
  place.known_losses = overview.losses;
  for (const EntryRef& end : overview.ends) {
    if (end->offset() <= place.after) place.ends.push_back(end);
  }
  return place;
}

}  // namespace sluice
