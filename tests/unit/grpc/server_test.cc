#include "bridge/grpc/server.h"

#include <gmock/gmock.h>

#include <iterator>
#include <string>
#include <vector>

#include "bridge/grpc/health.grpc.pb.h"
#include "bridge/grpc/reflection.grpc.pb.h"
#include "sluice/v1/publisher_service.grpc.pb.h"
#include "tests/unit/grpc/fake_store.h"
#include "tests/unit/grpc/raw_call.h"
#include "tests/unit/grpc/server_fixture.h"

namespace sluice {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using grpc::reflection::v1alpha::ServerReflection;
using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;
using testing::Contains;
using testing::HasSubstr;

class GrpcServerTest : public ServerTest {
 protected:
  grpc::Status Check(const std::string& service) {
    HealthCheckRequest request;
    request.set_service(service);
    grpc::ClientContext context;
    return Health::NewStub(channel_)->Check(&context, request, &health_);
  }

  HealthCheckResponse health_;
};

TEST_F(GrpcServerTest, EveryServiceIsHealthy) {
  for (const char* service :
       {"", "sluice.v1.PublisherService", "sluice.v1.SubscriberService",
        "sluice.v1.TopicService"}) {
    ASSERT_TRUE(Check(service).ok()) << service;
    EXPECT_EQ(health_.status(), HealthCheckResponse::SERVING) << service;
  }
}

TEST_F(GrpcServerTest, HealthOfAnUnknownServiceIsNotFound) {
  EXPECT_EQ(Check("a.B").error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(GrpcServerTest, WatchTellsAnUnknownServiceAndWaits) {
  HealthCheckRequest request;
  request.set_service("a.B");
  grpc::ClientContext context;
  const auto stub = Health::NewStub(channel_);
  const auto reader = stub->Watch(&context, request);
  ASSERT_TRUE(reader->Read(&health_));
  EXPECT_EQ(health_.status(), HealthCheckResponse::SERVICE_UNKNOWN);
  context.TryCancel();
  EXPECT_FALSE(reader->Read(&health_));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(GrpcServerTest, WatchTellsTheDrainAndDoesNotHoldItUp) {
  grpc::ClientContext context;
  const auto stub = Health::NewStub(channel_);
  const auto reader = stub->Watch(&context, HealthCheckRequest());
  ASSERT_TRUE(reader->Read(&health_));
  EXPECT_EQ(health_.status(), HealthCheckResponse::SERVING);
  server_->Drain(absl::Hours(1));
  ASSERT_TRUE(reader->Read(&health_));
  EXPECT_EQ(health_.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(reader->Read(&health_));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(GrpcServerTest, ReflectionListsEveryService) {
  // ServerReflectionRequest.list_services = "*"
  RawCall call(channel_,
               "/grpc.reflection.v1alpha.ServerReflection/"
               "ServerReflectionInfo");
  ASSERT_TRUE(call.Write(std::string("\x3a\x01*")));
  const auto answer = call.Read();
  ASSERT_TRUE(answer.has_value());
  grpc::Slice slice;
  ASSERT_TRUE(answer->DumpToSingleSlice(&slice).ok());
  const std::string bytes(slice.begin(), slice.end());
  for (const char* service :
       {"sluice.v1.PublisherService", "sluice.v1.SubscriberService",
        "sluice.v1.TopicService", "grpc.health.v1.Health"}) {
    EXPECT_THAT(bytes, HasSubstr(service));
  }
  call.HalfClose();
  EXPECT_TRUE(call.Finish().ok());
}

TEST_F(GrpcServerTest, ReflectionDescribesWhatItLists) {
  grpc::ClientContext context;
  const auto stub = ServerReflection::NewStub(channel_);
  const auto stream = stub->ServerReflectionInfo(&context);
  const auto ask = [&](const ServerReflectionRequest& request) {
    ServerReflectionResponse response;
    EXPECT_TRUE(stream->Write(request));
    EXPECT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.original_request().SerializeAsString(),
              request.SerializeAsString());
    return response;
  };
  const auto first_file = [](const ServerReflectionResponse& response) {
    const auto& files = response.file_descriptor_response();
    return files.file_descriptor_proto_size() == 0
               ? ""
               : files.file_descriptor_proto(0);
  };

  ServerReflectionRequest request;
  request.set_list_services("*");
  const auto listed = ask(request).list_services_response();
  EXPECT_EQ(listed.service_size(), 5);
  for (const auto& service : listed.service()) {
    request.set_file_containing_symbol(service.name());
    EXPECT_THAT(first_file(ask(request)), HasSubstr("proto3"))
        << service.name();
  }
  request.set_file_by_filename("sluice/v1/event.proto");
  const auto event = ask(request);
  EXPECT_THAT(first_file(event), HasSubstr("sluice/v1/event.proto"));
  EXPECT_THAT(event.file_descriptor_response().file_descriptor_proto(),
              Contains(HasSubstr("google/protobuf/struct.proto")));

  request.set_file_containing_symbol("a.B");
  EXPECT_EQ(ask(request).error_response().error_code(),
            grpc::StatusCode::NOT_FOUND);
  request.mutable_file_containing_extension()->set_containing_type("a.B");
  EXPECT_EQ(ask(request).error_response().error_code(),
            grpc::StatusCode::NOT_FOUND);
  request.set_all_extension_numbers_of_type("sluice.v1.Event");
  EXPECT_EQ(ask(request).all_extension_numbers_response().base_type_name(),
            "sluice.v1.Event");
  EXPECT_EQ(ask({}).error_response().error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

constexpr const char* kMethodsOfOneRequest[] = {
    "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch",
    "/sluice.v1.SubscriberService/Subscribe",
    "/sluice.v1.TopicService/CreateTopic",
    "/sluice.v1.TopicService/ListEvents"};

TEST_F(GrpcServerTest, ACallWithoutItsRequestIsRefused) {
  for (const char* method : kMethodsOfOneRequest) {
    RawCall call(channel_, method);
    ASSERT_TRUE(call.HalfClose());
    EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::INTERNAL) << method;
  }
}

TEST_F(GrpcServerTest, CallsThatAreLeftBeforeTheirRequestHarmNobody) {
  std::vector<std::string> methods(std::begin(kMethodsOfOneRequest),
                                   std::end(kMethodsOfOneRequest));
  methods.insert(methods.end(),
                 {"/sluice.v1.PublisherService/Publish",
                  "/sluice.v1.PublisherService/PublishBatch",
                  "/sluice.v1.PublisherService/PublishWithFeedback",
                  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"});
  for (int i = 0; i < 100; ++i) {
    for (const std::string& method : methods) {
      RawCall call(channel_, method);
      call.Cancel();
      EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::CANCELLED);
    }
  }
  EXPECT_TRUE(Check("").ok());
}

TEST_F(GrpcServerTest, AMethodThatThereIsNotIsUnimplemented) {
  RawCall call(channel_, "/sluice.v1.TopicService/Nothing");
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(GrpcServerTest, APortInUseIsAnErrorThatNamesIt) {
  GrpcServerOptions options = options_;
  options.listen = absl::StrCat("127.0.0.1:", server_->port());
  GrpcServer second(hub_, options);
  const absl::Status status = second.Start();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr(options.listen));
}

TEST_F(GrpcServerTest, ServesAgainOnThePortThatAServerLeft) {
  GrpcServerOptions options = options_;
  options.listen = absl::StrCat("127.0.0.1:", server_->port());
  server_.reset();
  server_ = std::make_unique<GrpcServer>(hub_, options);
  EXPECT_TRUE(server_->Start().ok());
}

TEST_F(GrpcServerTest, DrainCancelsAStreamThatDoesNotEnd) {
  grpc::ClientContext context;
  const auto stub = v1::PublisherService::NewStub(channel_);
  const auto stream = stub->PublishWithFeedback(&context);
  v1::PublishWithFeedbackRequest request;
  request.set_topic("a");
  request.set_on_abort(v1::ON_ABORT_FAIL);
  request.add_events();
  ASSERT_TRUE(stream->Write(request));
  EXPECT_EQ(ReadAck(*stream).requests(), 1u);
  server_->Drain(absl::ZeroDuration());
  v1::PublishWithFeedbackResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_FALSE(stream->Finish().ok());
  EXPECT_EQ(Describe("a")->end, nullptr);
}

TEST(GrpcServer, StopsWhileTheStoreOwesAnAnswer) {
  FakeStore store;
  Hub hub;
  hub.SetStore(&store);
  GrpcServerOptions options;
  options.listen = "127.0.0.1:0";
  GrpcServer server(hub, options);
  ASSERT_TRUE(server.Start().ok());
  const auto channel =
      grpc::CreateChannel(absl::StrCat("127.0.0.1:", server.port()),
                          grpc::InsecureChannelCredentials());
  RawCall publish(channel, "/sluice.v1.PublisherService/PublishBatch");
  publish.Write(
      std::string("\x0a\x01"
                  "a"));
  publish.HalfClose();
  RawCall get(channel, "/sluice.v1.TopicService/GetTopic");
  get.Write(
      std::string("\x0a\x01"
                  "a"));
  get.HalfClose();
  // A call that is answered comes after those that are not.
  grpc::ClientContext context;
  HealthCheckResponse health;
  ASSERT_TRUE(Health::NewStub(channel)
                  ->Check(&context, HealthCheckRequest(), &health)
                  .ok());
  server.Drain(absl::ZeroDuration());
  EXPECT_FALSE(publish.Finish().ok());
  EXPECT_FALSE(get.Finish().ok());
  while (!store.waiting.empty()) store.Answer();
  for (auto& describe : store.describes) describe(Store::Description());
}

}  // namespace
}  // namespace sluice
