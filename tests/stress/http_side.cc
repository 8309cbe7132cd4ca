#include "tests/stress/http_side.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <utility>

namespace sluice {

HttpOptions HttpSide::Options() {
  HttpOptions options;
  options.port = 0;
  options.loops = 2;
  options.heartbeat = absl::Hours(1);
  return options;
}

HttpSide::HttpSide(TopicSettings defaults, Store::Listener tap) {
  MemoryStoreOptions store_options;
  store_options.rules = TopicRules(defaults);
  store_ = NewMemoryStore(
      store_options,
      [this, tap = std::move(tap)](absl::Span<const EntryRef> committed) {
        if (tap) tap(committed);
        hub_.OnCommitted(committed);
      });
  hub_.SetStore(store_.get());
}

HttpSide::~HttpSide() {
  StopHttp();
  store_.reset();
}

void HttpSide::StartHttp(const HttpOptions& options) {
  options_ = options;
  http_ = std::make_unique<HttpServer>(options_, hub_);
  const absl::Status status = http_->Start();
  ASSERT_TRUE(status.ok()) << status;
  port_ = http_->port();
}

void HttpSide::BeginDrain(absl::Duration span) {
  http_->Drain(span, [] {});
}

void HttpSide::Drain(absl::Duration span) {
  const auto gone = std::make_shared<std::promise<void>>();
  http_->Drain(span, [gone] { gone->set_value(); });
  gone->get_future().wait_for(absl::ToChronoMilliseconds(span));
}

void HttpSide::StopHttp() {
  port_ = 0;
  http_.reset();
}

absl::StatusOr<Store::Appended> HttpSide::Append(Store::AppendRequest request) {
  std::promise<absl::StatusOr<Store::Appended>> answer;
  store_->Append(std::move(request),
                 [&answer](absl::StatusOr<Store::Appended> appended) {
                   answer.set_value(std::move(appended));
                 });
  return answer.get_future().get();
}

Store::Description HttpSide::Describe(const std::string& topic) {
  std::promise<Store::Description> answer;
  store_->Describe(topic, "", 0, [&answer](Store::Description description) {
    answer.set_value(std::move(description));
  });
  return answer.get_future().get();
}

absl::Status HttpSide::Create(const std::string& topic, TopicSettings settings,
                              bool replace_ended) {
  std::promise<absl::Status> answer;
  store_->Create(topic, settings, replace_ended, [&answer](const auto& info) {
    answer.set_value(info.status());
  });
  return answer.get_future().get();
}

absl::Status HttpSide::Delete(const std::string& topic) {
  std::promise<absl::Status> answer;
  store_->Delete(topic, [&answer](absl::Status status) {
    answer.set_value(std::move(status));
  });
  return answer.get_future().get();
}

void HttpSide::Publish(const std::string& topic,
                       const std::vector<std::string>& texts, bool end) {
  for (const std::string& text : texts) {
    Store::AppendRequest request;
    request.topic = topic;
    request.events.push_back({"", "", text});
    EXPECT_TRUE(Append(std::move(request)).ok());
  }
  if (!end) return;
  Store::AppendRequest request;
  request.topic = topic;
  request.end = End{};
  EXPECT_TRUE(Append(std::move(request)).ok());
}

}  // namespace sluice
