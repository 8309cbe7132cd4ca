// What a real bridge does not do at a test's wish.
#include "support/fake_bridge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "sluice/error.h"
#include "sluice/publisher.h"
#include "support/bridge.h"
#include "support/status_matchers.h"

namespace sluice {
namespace {

using testing::FakeBridge;
using testing::Until;

bool IsFinal(int code) {
  return code != grpc::OK && code != grpc::CANCELLED && code != grpc::UNKNOWN &&
         code != grpc::INTERNAL && code != grpc::UNAVAILABLE;
}

// Acknowledges a request, and does not end the call by itself.
grpc::Status StayAfterOneRequest(int, grpc::ServerContext& context,
                                 FakeBridge::Stream& stream) {
  FakeBridge::Acknowledge(stream, 1);
  Until("the call to be left", [&] { return context.IsCancelled(); });
  return grpc::Status::OK;
}

TEST(FakeBridgeTest, StatusesOfBrokenCallsAreTriedAgainAndAllOthersAreFinal) {
  for (int code = grpc::OK; code <= grpc::UNAUTHENTICATED; ++code) {
    FakeBridge fake([code](int call, grpc::ServerContext& context,
                           FakeBridge::Stream& stream) {
      if (call > 1) {
        // The topic, the event, and then it waits for the end.
        FakeBridge::Acknowledge(stream, 3);
        return grpc::Status::OK;
      }
      FakeBridge::Acknowledge(stream, 1);
      v1::PublishWithFeedbackRequest request;
      stream.Read(&request);
      context.AddTrailingMetadata("sluice-accepted", "1");
      return grpc::Status(static_cast<grpc::StatusCode>(code), "why");
    });
    Publisher publisher(fake.target());
    ASSERT_OK(publisher.Publish("codes", Text("1")));
    ASSERT_OK(publisher.Flush());
    absl::Status status = publisher.Publish("codes", Text("2"));
    if (status.ok()) status = publisher.Flush();
    if (!IsFinal(code)) {
      EXPECT_OK(status);
      EXPECT_EQ(publisher.Close()->accepted, 2u);
      continue;
    }
    EXPECT_EQ(static_cast<int>(status.code()), code);
    EXPECT_EQ(status.message(), "why");
    EXPECT_EQ(PublishErrorOf(status)->accepted, 1u);
  }
}

TEST(FakeBridgeTest, EachCallHasMetadataOfItsOwn) {
  std::mutex mutex;
  std::vector<std::string> tokens;
  FakeBridge fake(
      [&](int call, grpc::ServerContext& context, FakeBridge::Stream& stream) {
        {
          const std::lock_guard<std::mutex> lock(mutex);
          const auto& metadata = context.client_metadata();
          const auto token = metadata.find("authorization");
          tokens.emplace_back(token->second.data(), token->second.size());
        }
        if (call < 3) return grpc::Status(grpc::UNAVAILABLE, "");
        FakeBridge::Acknowledge(stream, 2);
        return grpc::Status::OK;
      });
  PublisherOptions options;
  options.metadata = [asked = 0]() mutable -> absl::StatusOr<Metadata> {
    if (++asked == 2) return absl::NotFoundError("no token now");
    if (asked == 3) return Metadata{{"authorization", "two\nlines"}};
    return Metadata{{"authorization", "Bearer " + std::to_string(asked)}};
  };
  Publisher publisher(fake.target(), options);
  ASSERT_OK(publisher.Publish("tokens", Text("x")));
  ASSERT_OK(publisher.Flush());
  const std::lock_guard<std::mutex> lock(mutex);
  EXPECT_THAT(tokens,
              ::testing::ElementsAre("Bearer 1", "Bearer 4", "Bearer 5"));
}

TEST(FakeBridgeTest, ItGivesUpAndSaysHowMuchIsLost) {
  const FakeBridge::Answer answers[] = {
      [](int, grpc::ServerContext&, FakeBridge::Stream&) {
        return grpc::Status(grpc::UNAVAILABLE, "not now");
      },
      [](int, grpc::ServerContext&, FakeBridge::Stream&) {
        return grpc::Status::OK;
      },
      [](int, grpc::ServerContext&, FakeBridge::Stream& stream) {
        return FakeBridge::Hang(stream);
      },
  };
  for (const FakeBridge::Answer& answer : answers) {
    FakeBridge fake(answer);
    PublisherOptions options;
    options.give_up_after = absl::Seconds(1);
    Publisher publisher(fake.target(), options);
    for (int n = 0; n < 3; ++n) {
      ASSERT_OK(publisher.Publish("nobody", Text("x")));
    }
    const absl::Status status = publisher.Flush();
    EXPECT_CODE(status, kUnavailable);
    EXPECT_THAT(std::string(status.message()),
                ::testing::HasSubstr("3 events are not acknowledged"));
    EXPECT_EQ(PublishErrorOf(status)->unacknowledged, 3u);
    EXPECT_EQ(publisher.Publish("nobody", Text("more")), status);
    EXPECT_EQ(publisher.Close().status(), status);
  }
}

TEST(FakeBridgeTest, PatienceIsMeasuredFromTheLastAcknowledgement) {
  // Together the pauses are longer than the publisher's patience.
  FakeBridge fake([](int, grpc::ServerContext&, FakeBridge::Stream& stream) {
    v1::PublishWithFeedbackRequest request;
    v1::PublishWithFeedbackResponse response;
    for (std::uint64_t n = 1; stream.Read(&request); ++n) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      response.mutable_ack()->set_requests(n);
      stream.Write(response);
    }
    return grpc::Status::OK;
  });
  PublisherOptions options;
  options.give_up_after = absl::Seconds(5);
  Publisher publisher(fake.target(), options);
  for (int n = 0; n < 6; ++n) {
    ASSERT_OK(publisher.Publish(std::to_string(n), Text("x")));
  }
  EXPECT_OK(publisher.Close());
}

TEST(FakeBridgeTest, ABridgeThatDoesNotSayGoodByeIsLeft) {
  FakeBridge fake(StayAfterOneRequest);
  Publisher publisher(fake.target());
  ASSERT_OK(publisher.Publish("a", Text("x")));
  EXPECT_EQ(publisher.Close()->accepted, 1u);
}

TEST(FakeBridgeTest, ATimeoutOfCloseCoversTheGoodByeToo) {
  FakeBridge fake(StayAfterOneRequest);
  Publisher publisher(fake.target());
  ASSERT_OK(publisher.Publish("a", Text("x")));
  ASSERT_OK(publisher.Flush());
  EXPECT_EQ(publisher.Close(absl::Milliseconds(1))->accepted, 1u);
  publisher.Cancel();  // or the destructor would wait for it
}

}  // namespace
}  // namespace sluice
