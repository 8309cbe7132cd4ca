#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bridge/http/exchange.h"
#include "bridge/http/sse_stream.h"
#include "bridge/net/event_loop.h"
#include "bridge/net/request_reader.h"
#include "bridge/net/socket.h"

namespace sluice {

class HttpLoop;

// One client's connection: reads requests, has them processed, writes what
// comes of them, and becomes an event stream when that is the answer. A stream
// costs this object, its SseStream and a socket; what it is sent is shared.
//
// Thread safety: none; a loop's.
// Lifetime: owned by the loop, which must outlive it. After Close it is gone at
// the end of the turn.
class Connection final : public EventLoop::Handler, private Timer {
 public:
  // `shed`: accepted only to be told that the server is full.
  Connection(HttpLoop& loop, Socket socket, bool shed, size_t index);
  ~Connection() override;

  // Begins to watch the socket.
  void Start();

  void OnEvents(uint32_t events) override;

  // Streams: sends what the provider has, in one write. What the socket does
  // not take waits here; what the write had no room for, in another turn.
  void Drive();

  // Ends a stream, or an idle connection, before its time: a
  // `retry:` for streams, and no last chunk. False if there was nothing to end.
  bool Drain();

  bool closed() const { return state_ == State::kClosed; }

  // Where the loop keeps it.
  size_t index;

 private:
  enum class State {
    kReading,    // a request's head
    kBody,       // reading the body that the handler wants
    kWaiting,    // for a handler's answer
    kWriting,    // a response
    kStreaming,  // events
    kLingering,  // nothing more is sent; reads what the client still sends, so
                 // that a reset does not eat the last bytes
    kClosed,
  };

  // What a connection has while it reads requests and not while it streams.
  struct Request {
    RequestReader reader;
    std::string input;
    std::shared_ptr<Exchange> exchange;
  };

  bool reading() const {
    return state_ == State::kReading || state_ == State::kBody;
  }
  void OnTimer() override;
  void OnTimeout();
  void OnStreamTimeout();
  bool TakesTooLittle(int64_t now_ms);
  void ArmTimer();
  int64_t Deadline() const;
  int64_t StreamDeadline() const;

  // Takes up what waited for the answer that is out now.
  void GoOn();
  void OnReadable(bool to_end);
  void OnInput(absl::string_view bytes);
  void OnPeerClosed();
  void ReadRequests();
  bool ReadHead();
  bool ReadBody();
  void Process();

  void Refuse(const RequestReader::Refusal& refusal);
  void Respond(std::string response, bool close);

  // Writes what the sink has gathered; false if the connection is closed now.
  bool Flush(GatherSink& sink);
  void OnWritten();
  void Linger();
  void Close();

  HttpLoop& loop_;
  Socket socket_;
  State state_ = State::kReading;
  bool shed_ = false;
  bool blocked_ = false;    // the socket takes no more; an edge will come
  bool finishing_ = false;  // what is unsent is the last
  bool peer_closed_ = false;
  bool chunked_ = false;
  uint32_t received_ = 0;    // bytes since it streams or lingers
  uint32_t drip_bytes_ = 0;  // sent since drip_since_ms_
  int64_t since_ms_ =
      0;  // the state's, the last request byte's wait, or the last write's
  int64_t drip_since_ms_ = 0;  // when the reader fell behind, or was last
                               // found to be quick enough
  int64_t close_at_ms_ = 0;    // a stream's, for its age; 0: never
  std::unique_ptr<Request> request_;
  std::vector<Unsent> unsent_;
  httplib::ContentProviderWithoutLength provider_;
  std::shared_ptr<SseStream> stream_;
};

}  // namespace sluice
