#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bridge/hub/hub.h"
#include "bridge/store/memory_store.h"
#include "tests/model/model.h"

namespace sluice {

// One life of a log, and of its model: random steps, and after each the two
// must agree.
//
// Thread safety: none.
class Episode {
 public:
  explicit Episode(uint32_t seed);

  void Step();

  // Looks at whatever has not been looked at.
  void Finish();

 private:
  struct View {
    Selector selector{"none"};
    std::unique_ptr<TopicView> view;
    Offset at = 0;
    int subscribers = 0;
  };
  struct Reader {
    std::string topic;
    Offset at = 0;
  };
  struct ReaderOfSeveral {
    Selector selector{"none"};
    Offset at = 0;
  };
  // An id to begin from, and what it is.
  struct Id {
    std::string text;
    absl::optional<Offset> cursor;
    bool other_epoch = false;
  };

  size_t Pick(size_t below) { return random_() % below; }
  std::string PickName();
  std::string PickEventId();
  Selector PickSelector();
  Id PickId(const std::string& topic);
  Store::Lease PickLease() { return {1 + Pick(3), Pick(2) == 0}; }
  End PickEnd();

  // Steps that change something.
  void CatchUp();
  void Advance();
  void Append();
  void EndOnly();
  void RunAppend(Store::AppendRequest request);
  void Release();
  void Create();
  void Delete();
  void WatchOrNot();

  // Steps that look at it.
  void Look(View& view);
  void Connect();
  void ReadOn();
  void ConnectToSeveral();
  void ReadOnOfSeveral();
  void TurnPages();
  void List();
  void Compare(const std::string& name);
  void CompareLosses();

  void ExpectNothingMissed(const ReaderOfSeveral& reader,
                           const Store::Segment& segment) const;
  uint64_t SubscribersOf(const std::string& name) const;
  // `number` counts a loss of that step.
  void ExpectLostIn(uint64_t number, int64_t step) const;

  std::mt19937 random_;
  Model model_;
  std::atomic<int64_t> now_ms_{1000000};

  Mutex mutex_;
  Offset committed_ ABSL_GUARDED_BY(mutex_) = 0;
  // The topics that have failed by themselves since the model was told.
  std::vector<std::string> lost_ ABSL_GUARDED_BY(mutex_);

  // The store's number of the last loss, at the end of each step.
  std::vector<uint64_t> losses_;

  Hub hub_;
  std::unique_ptr<Store> store_;
  LoopInbox inbox_{[] {}};
  std::array<View, 6> views_;
  std::array<Reader, 12> readers_;
  std::array<ReaderOfSeveral, 8> readers_of_several_;
};

}  // namespace sluice
