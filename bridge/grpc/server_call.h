#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

namespace sluice {

// One call of a client, whatever its method: messages as bytes in both
// directions. (With generated methods a message that does not parse would look
// like a half-close, and the client would get OK.) It is served by the thread
// of a CallQueue, by gRPC's asynchronous API: gRPC 1.51's callbacks come from
// threads that wake each other, which takes twice the CPU time of a request.
//
// Thread safety: what starts something may be called from any thread; of
// reading and of writing one at a time. The handler is called on the queue's
// thread, never from within what it starts.
// Lifetime: its own. It must be finished, and lives until gRPC is done with it.
class ServerCall {
 public:
  // What a method does with its call. Its last user is the call, which lets it
  // go when it is done.
  class Handler {
   public:
    virtual ~Handler() = default;

    // Answers StartRead. False: no more messages, or the client is gone.
    virtual void OnReadDone(bool ok) {}

    // Answers StartWrite. False: the client is gone.
    virtual void OnWriteDone(bool ok) {}

    // The client is gone. May come at any time, once.
    virtual void OnCancel() {}

    // Nothing follows.
    virtual void OnDone() {}
  };

  // Takes up a call. Must not block.
  using Method = std::function<std::shared_ptr<Handler>(ServerCall& call)>;

  // By its path: "/package.Service/Method".
  using Methods = absl::flat_hash_map<std::string, Method>;

  ServerCall(const ServerCall&) = delete;
  ServerCall& operator=(const ServerCall&) = delete;

  // The next message, into request().
  void StartRead();
  grpc::ByteBuffer& request() { return request_; }

  // Sends the headers, before there is a message.
  void StartSendInitialMetadata();

  void StartWrite(const google::protobuf::MessageLite& message);

  // Before Finish.
  void AddTrailingMetadata(const std::string& key, const std::string& value) {
    context_.AddTrailingMetadata(key, value);
  }

  // The last of all; the first with one last message.
  void Finish(const google::protobuf::MessageLite& message);
  void Finish(const absl::Status& status);

  // Whether OnCancel has been called. On the queue's thread.
  bool is_cancelled() const { return cancelled_; }

 private:
  friend class CallQueue;

  // What gRPC answers, by the address of one of these.
  enum class Operation { kAccept, kMetadata, kRead, kWrite, kFinish, kEnd };
  struct Tag {
    ServerCall& call;
    const Operation operation;
  };

  ServerCall() = default;
  ~ServerCall() = default;

  // True once the call is done, and may be deleted.
  bool OnEvent(Operation operation, bool ok);
  void OnAccepted(const Methods& methods);
  Tag* Begin(Tag& tag);

  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  grpc::ByteBuffer request_;
  std::shared_ptr<Handler> handler_;
  bool cancelled_ = false;

  // What gRPC has not answered yet; the end, and a Finish to come, are counted
  // from the beginning.
  std::atomic<int> pending_{2};

  Tag accept_{*this, Operation::kAccept};
  Tag metadata_{*this, Operation::kMetadata};
  Tag read_{*this, Operation::kRead};
  Tag write_{*this, Operation::kWrite};
  Tag finish_{*this, Operation::kFinish};
  Tag end_{*this, Operation::kEnd};
};

}  // namespace sluice
