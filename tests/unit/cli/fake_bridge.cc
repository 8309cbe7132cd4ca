#include "tests/unit/cli/fake_bridge.h"

#include <google/protobuf/any.pb.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

// One length-delimited field, shorter than 16 KiB.
std::string Field(int number, const std::string& bytes) {
  std::string field(1, static_cast<char>(number << 3 | 2));
  if (bytes.size() >= 0x80) {
    field += static_cast<char>((bytes.size() & 0x7F) | 0x80);
    field += static_cast<char>(bytes.size() >> 7);
  } else {
    field += static_cast<char>(bytes.size());
  }
  return field + bytes;
}

}  // namespace

std::string BadRequestDetails(const std::string& field,
                              const std::string& description) {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/google.rpc.BadRequest");
  any.set_value(Field(1, Field(1, field) + Field(2, description)));
  // code = 3, a varint.
  return absl::StrCat("\x08\x03", Field(2, "message"),
                      Field(3, any.SerializeAsString()));
}

FakeBridge::FakeBridge() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(static_cast<v1::PublisherService::Service*>(this));
  builder.RegisterService(static_cast<v1::TopicService::Service*>(this));
  server_ = builder.BuildAndStart();
  target_ = absl::StrCat("127.0.0.1:", port);
}

FakeBridge::~FakeBridge() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

void FakeBridge::FailAfter(int requests, grpc::Status status, int accepted) {
  const MutexLock lock(mutex_);
  fail_after_ = requests;
  failure_ = std::move(status);
  failure_accepted_ = accepted;
}

void FakeBridge::SetCreateStatus(grpc::Status status) {
  const MutexLock lock(mutex_);
  create_status_ = std::move(status);
}

void FakeBridge::Forget() {
  const MutexLock lock(mutex_);
  forget_ = true;
}

void FakeBridge::SendStop(std::string reason) {
  const MutexLock lock(mutex_);
  stop_ = std::move(reason);
}

void FakeBridge::WaitForEvents(size_t count) {
  const MutexLock lock(mutex_);
  while (Accepted() < count) changed_.Wait(mutex_);
}

std::vector<v1::PublishRequest> FakeBridge::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

std::vector<v1::Event> FakeBridge::events() const {
  std::vector<v1::Event> events;
  for (const auto& request : requests()) {
    for (const auto& event : request.events()) events.push_back(event);
  }
  return events;
}

std::vector<std::string> FakeBridge::texts() const {
  std::vector<std::string> texts;
  for (const auto& event : events()) texts.push_back(event.text());
  return texts;
}

absl::optional<v1::End> FakeBridge::end() const {
  for (const auto& request : requests()) {
    if (request.has_end()) return request.end();
  }
  return absl::nullopt;
}

std::vector<v1::CreateTopicRequest> FakeBridge::created() const {
  const MutexLock lock(mutex_);
  return created_;
}

bool FakeBridge::half_closed() const {
  const MutexLock lock(mutex_);
  return half_closed_;
}

absl::optional<grpc::Status> FakeBridge::Take(grpc::ServerContext& context,
                                              v1::PublishRequest request) {
  const MutexLock lock(mutex_);
  requests_.push_back(std::move(request));
  changed_.NotifyAll();
  if (fail_after_ < 0 || requests_.size() < static_cast<size_t>(fail_after_)) {
    return absl::nullopt;
  }
  context.AddTrailingMetadata("sluice-accepted",
                              absl::StrCat(failure_accepted_));
  return failure_;
}

uint64_t FakeBridge::Accepted() const {
  uint64_t accepted = 0;
  for (const auto& request : requests_) {
    accepted += static_cast<uint64_t>(request.events_size());
  }
  return forget_ ? 0 : accepted;
}

grpc::Status FakeBridge::Publish(grpc::ServerContext* context,
                                 grpc::ServerReader<v1::PublishRequest>* reader,
                                 v1::PublishResponse* response) {
  v1::PublishRequest request;
  while (reader->Read(&request)) {
    if (const auto failure = Take(*context, request)) return *failure;
  }
  const MutexLock lock(mutex_);
  half_closed_ = !context->IsCancelled();
  response->set_accepted(Accepted());
  return grpc::Status::OK;
}

grpc::Status FakeBridge::PublishWithFeedback(grpc::ServerContext* context,
                                             FeedbackStream* stream) {
  v1::PublishWithFeedbackRequest request;
  absl::optional<grpc::Status> failure;
  while (!failure && stream->Read(&request)) {
    v1::PublishRequest same;
    same.ParseFromString(request.SerializeAsString());
    failure = Take(*context, same);
    if (failure) break;
    const MutexLock lock(mutex_);
    v1::PublishWithFeedbackResponse response;
    if (stop_) {
      response.mutable_stop()->set_reason(*stop_);
      stop_.reset();
    } else {
      response.mutable_ack()->set_accepted(Accepted());
    }
    stream->Write(response);
    feedback_ = stream;
    changed_.NotifyAll();
  }
  const MutexLock lock(mutex_);
  feedback_ = nullptr;
  if (failure) return *failure;
  half_closed_ = !context->IsCancelled();
  return grpc::Status::OK;
}

void FakeBridge::Tell(const v1::PublishWithFeedbackResponse& feedback) {
  const MutexLock lock(mutex_);
  while (feedback_ == nullptr) changed_.Wait(mutex_);
  feedback_->Write(feedback);
}

void FakeBridge::SetReaders(uint64_t readers) {
  v1::PublishWithFeedbackResponse feedback;
  feedback.mutable_interest()->set_subscribers(readers);
  Tell(feedback);
}

void FakeBridge::AskToStop(std::string reason) {
  v1::PublishWithFeedbackResponse feedback;
  feedback.mutable_stop()->set_reason(std::move(reason));
  Tell(feedback);
}

grpc::Status FakeBridge::CreateTopic(grpc::ServerContext*,
                                     const v1::CreateTopicRequest* request,
                                     v1::CreateTopicResponse*) {
  const MutexLock lock(mutex_);
  created_.push_back(*request);
  return create_status_;
}

}  // namespace sluice
