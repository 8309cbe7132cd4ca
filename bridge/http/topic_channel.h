#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bridge/http/encoded_run.h"
#include "bridge/http/gather_sink.h"
#include "bridge/http/loop_counters.h"
#include "bridge/hub/topic_view.h"
#include "bridge/store/store.h"

namespace sluice {

class HttpLoop;
class SseStream;

// One loop's readers of one selector, mostly of one topic, that want it in the
// same format.
//
// A reader is in the tail, served from the runs that this turn or the last ones
// brought, or behind it, served in segments that are read from the store once
// for all who need them; it may move either way at any time. Readers keep a
// place and nothing else, so a slow one costs and delays nobody.
//
// Thread safety: none; a loop's.
// Lifetime: shared by its readers, and gone with the last. The loop must
// outlive it.
class TopicChannel : public std::enable_shared_from_this<TopicChannel> {
 public:
  // What Fill left a reader with.
  enum class Filled {
    kAll,      // it has everything there is
    kSome,     // the sink is full
    kWaiting,  // the store was asked; the reader is driven when it has answered
    kEnded,    // its last bytes are in the sink
    kLost,     // what comes next is gone, and the topic's readers are then sent
               // away
  };

  // `key`: where Channels keeps it.
  TopicChannel(HttpLoop& loop, Selector selector, StreamFormat format,
               std::string key);
  ~TopicChannel();
  TopicChannel(const TopicChannel&) = delete;
  TopicChannel& operator=(const TopicChannel&) = delete;

  // Begins to watch what is selected. Comes before anything else.
  void Start();

  // Calls `ready` in the loop once nothing committed from then on is missed.
  void WhenReady(std::function<void()> ready);

  void Join(SseStream& reader);
  void Leave(SseStream& reader);

  // Adds to `sink` what comes after `cursor`, and moves it.
  Filled Fill(SseStream& reader, Offset& cursor, GatherSink& sink);

  // Drives readers, in the order in which they joined, until each has been
  // driven since the last news; `budget` of them at the most. False if some are
  // left.
  bool Flush(int& budget);

  // Adds the readers that are behind.
  void CountBehind(Backlog& backlog) const;

  // Lets go of the segment after `after`.
  void DropSegment(Offset after);

 private:
  void OnReady();
  bool MayBeOver(absl::Span<const EntryRef> entries) const;
  void TakeNews();
  void TrimTail();
  // A part of the log that was read from the store.
  struct Replay {
    EncodedRun run;
    std::vector<Hole> holes;  // those that stand in it
    uint64_t losses = 0;      // how many the log had had when it was read
    Offset lost_through = 0;  // where the last hole stands, maybe further on
  };

  Filled FillFromTail(Offset& cursor, GatherSink& sink);
  bool FillFromReplay(const Replay& replay, size_t begin, SseStream& reader,
                      Offset& cursor, GatherSink& sink) const;
  // What was read before so many losses does not do.
  const Replay* FindSegment(Offset cursor, uint64_t losses, size_t& begin);
  void AskFor(Offset after, SseStream& reader);
  void Read(Offset after);
  void OnSegment(Offset after, const Store::Segment& segment);
  void Keep(Offset after, Replay replay);
  void DriveWaiting(Offset after);

  HttpLoop& loop_;
  const Selector selector_;
  const std::string key_;
  RunFormat format_;
  std::unique_ptr<TopicView> view_;
  bool ready_ = false;
  std::vector<std::function<void()>> when_ready_;

  // All that is selected in (tail_from_, tail_to_].
  std::vector<EncodedRun> tail_;
  size_t tail_bytes_ = 0;
  Offset tail_from_ = 0;
  Offset tail_to_ = 0;

  // Segments by the place before them, each up to the next one's at the most
  // unless that begins inside a frame, and who waits for those that are asked
  // for.
  std::map<Offset, Replay> segments_;
  std::map<Offset, std::vector<std::weak_ptr<SseStream>>> asked_;

  // Readers that would miss something are sent away instead of being told.
  bool sends_away_ = false;

  // Null where a reader has left: their order is worth keeping.
  std::vector<SseStream*> readers_;
  size_t reader_count_ = 0;
  size_t next_reader_ = 0;  // the flush goes on here
  size_t unflushed_ = 0;    // so many of readers_ have not been driven yet
  bool lagging_ = false;    // one that was driven has not all of the tail
};

}  // namespace sluice
