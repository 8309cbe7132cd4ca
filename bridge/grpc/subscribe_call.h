#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bridge/event/selector.h"
#include "bridge/grpc/reader_loop.h"
#include "bridge/hub/hub.h"
#include "bridge/hub/place.h"
#include "sluice/v1/subscriber_service.pb.h"

namespace sluice {

// One subscription over gRPC: finds its place, and then hands its peer one
// message after the other, as fast as they are taken. It keeps a place in the
// log and at most one segment of it: a slow reader costs no more.
//
// Everything is read from the store, which tells gaps and ends as it does to
// the streams of the HTTP side; the hub only says when there is something new.
//
// Thread safety: Start, OnWritten, OnCancel and OnDrain may be called from any
// thread, and act on the loop's; so do the answers of the store. The peer is
// called on the loop.
// Lifetime: the hub must outlive it. The peer must live until Finish.
class SubscribeCall : public std::enable_shared_from_this<SubscribeCall> {
 public:
  // The way to the client.
  class Peer {
   public:
    virtual ~Peer() = default;

    // The subscription stands.
    virtual void Begin() = 0;

    // Answer with OnWritten.
    virtual void Write(const v1::SubscribeResponse& message) = 0;

    // The last call of all.
    virtual void Finish(const absl::Status& status) = 0;
  };

  // `require_topics`: NotFound for a name that nobody has created or published
  // to.
  SubscribeCall(Hub& hub, std::shared_ptr<ReaderLoop> loop, Selector selector,
                StartAt start, bool require_topics, Peer& peer);
  SubscribeCall(const SubscribeCall&) = delete;
  SubscribeCall& operator=(const SubscribeCall&) = delete;

  void Start();
  void OnWritten(bool ok);
  void OnCancel();

  // The server is going down: the call finishes once it has all there is.
  void OnDrain();

 private:
  // Does `work` in the loop, if the call is still on.
  void InLoop(std::function<void(SubscribeCall&)> work);

  void Watch();
  void FindPlace();
  void Begin(const Place& place, bool all_there);
  void Next();
  void Read();
  void OnSegment(const Store::Segment& segment);
  // Tells what was lost before `offset`. False: the reader is to be sent away.
  bool TellHoles(absl::Span<const Hole>& holes, Offset offset, bool sends_away);
  void TellEntry(const Entry& entry);
  void TellGap(const Gap& gap, const std::vector<std::string>& topics);
  void Finish(const absl::Status& status);

  bool several() const {
    return selector_.names().size() + selector_.patterns().size() > 1 ||
           !selector_.patterns().empty();
  }
  std::string CursorAt(Offset offset) const {
    return Cursor{hub_.store().epoch(), offset}.ToString();
  }

  Hub& hub_;
  const std::shared_ptr<ReaderLoop> loop_;
  const Selector selector_;
  const StartAt start_;
  const bool require_topics_;
  Peer& peer_;

  // The loop's.
  std::unique_ptr<TopicView> view_;
  bool begun_ = false;
  Offset cursor_ = 0;
  uint64_t known_losses_ = 0;
  std::deque<v1::SubscribeResponse> messages_;
  bool writing_ = false;
  bool reading_ = false;
  bool news_ = true;  // since the last read
  bool draining_ = false;
  bool cancelled_ = false;
  absl::optional<absl::Status> end_;  // once messages_ are written
  bool finished_ = false;
};

}  // namespace sluice
