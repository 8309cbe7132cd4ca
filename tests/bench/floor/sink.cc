#include "tests/bench/floor/sink.h"

#include <utility>

#include "sluice/v1/publisher_service.grpc.pb.h"

namespace sluice::bench {
namespace {

class Call final : public grpc::ServerReadReactor<grpc::ByteBuffer> {
 public:
  explicit Call(const OnRequest& on_request) : on_request_(on_request) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    on_request_(request_);
    StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  const OnRequest& on_request_;
  grpc::ByteBuffer request_;
};

class BareSink final
    : public Sink,
      public v1::PublisherService::WithRawCallbackMethod_Publish<
          v1::PublisherService::Service> {
 public:
  explicit BareSink(OnRequest on_request) : on_request_(std::move(on_request)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }

  int port() const override { return port_; }

  grpc::ServerReadReactor<grpc::ByteBuffer>* Publish(
      grpc::CallbackServerContext*, grpc::ByteBuffer* response) override {
    // An empty message.
    *response = grpc::ByteBuffer(nullptr, 0);
    return new Call(on_request_);
  }

 private:
  const OnRequest on_request_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

std::unique_ptr<Sink> NewSink(OnRequest on_request) {
  return std::make_unique<BareSink>(std::move(on_request));
}

}  // namespace sluice::bench
