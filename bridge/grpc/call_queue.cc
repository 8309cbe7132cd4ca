#include "bridge/grpc/call_queue.h"

namespace sluice {

CallQueue::CallQueue(grpc::ServerBuilder& builder,
                     grpc::AsyncGenericService& service,
                     const ServerCall::Methods& methods)
    : service_(service),
      methods_(methods),
      queue_(builder.AddCompletionQueue()) {}

void CallQueue::Start() {
  thread_ = std::thread([this] { Run(); });
}

// As long as there is a call, other threads start things with it.
void CallQueue::Stop() {
  last_call_done_.get_future().wait();
  queue_->Shutdown();
  thread_.join();
}

void CallQueue::Accept() {
  ++calls_;
  auto* call = new ServerCall;
  call->context_.AsyncNotifyWhenDone(&call->end_);
  service_.RequestCall(&call->context_, &call->stream_, queue_.get(),
                       queue_.get(), &call->accept_);
}

void CallQueue::Run() {
  Accept();
  void* answered;
  bool ok;
  while (queue_->Next(&answered, &ok)) {
    const auto* tag = static_cast<ServerCall::Tag*>(answered);
    ServerCall* call = &tag->call;
    bool done;
    if (tag->operation == ServerCall::Operation::kAccept) {
      // The server takes no more, and will not say so again.
      done = !ok;
      if (ok) {
        Accept();
        call->OnAccepted(methods_);
      }
    } else {
      done = call->OnEvent(tag->operation, ok);
    }
    if (!done) continue;
    delete call;
    if (--calls_ == 0) last_call_done_.set_value();
  }
}

}  // namespace sluice
