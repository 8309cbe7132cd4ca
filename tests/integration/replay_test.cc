// Readers that come back, all at once, to a store that counts what it is asked.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bridge/http/http_server.h"
#include "bridge/store/memory_store.h"
#include "tests/integration/held_store.h"
#include "tests/integration/raw_client.h"

namespace sluice {
namespace {

class ReplayTest : public testing::Test {
 protected:
  static constexpr int kEvents = 2000;
  static constexpr int kReaders = 300;

  ReplayTest() {
    TopicSettings settings;
    settings.retention_events = 100000;
    MemoryStoreOptions options;
    options.rules = TopicRules(settings);
    store_ = std::make_unique<HeldStore>(NewMemoryStore(
        options,
        [this](absl::Span<const EntryRef> batch) { hub_.OnCommitted(batch); }));
    hub_.SetStore(store_.get());
    HttpOptions http;
    http.port = 0;
    server_ = std::make_unique<HttpServer>(http, hub_);
    EXPECT_TRUE(server_->Start().ok());
    const std::string padding(100, 'x');
    for (int i = 1; i <= kEvents; ++i) Publish(absl::StrCat(i, ":", padding));
  }

  void Publish(const std::string& text, absl::optional<End> end = {}) {
    Store::AppendRequest request;
    request.topic = "t";
    if (!text.empty()) request.events.push_back({"", "", text});
    request.end = std::move(end);
    store_->Append(std::move(request),
                   [](const auto& answer) { ASSERT_TRUE(answer.ok()); });
  }

  // A reader that has everything up to `cursor`.
  std::unique_ptr<RawClient> ComeBack(Offset cursor) const {
    auto client = std::make_unique<RawClient>(server_->port());
    client->Send(absl::StrCat(
        "GET /v1/topics/t/events HTTP/1.1\r\nHost: h\r\nLast-Event-ID: ",
        Cursor{store_->epoch(), cursor}.ToString(), "\r\n\r\n"));
    return client;
  }

  // It has got all that came after `cursor`, each event once.
  static void ExpectAllAfter(RawClient& client, Offset cursor) {
    bool complete = false;
    const std::vector<SseEvent> events =
        ParseEvents(Unchunk(BodyOf(client.ReadToEnd()), &complete));
    ASSERT_TRUE(complete);
    ASSERT_EQ(events.size(), kEvents - cursor + 1);
    for (size_t i = 0; i + 1 < events.size(); ++i) {
      const std::string number = absl::StrCat(cursor + i + 1, ":");
      ASSERT_EQ(events[i].data.substr(0, number.size()), number);
    }
  }

  Hub hub_;
  std::unique_ptr<HeldStore> store_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(ReplayTest, ReadersAtOnePlaceCostOneReadOfEachSegment) {
  std::vector<std::unique_ptr<RawClient>> clients;
  clients.push_back(ComeBack(0));
  clients[0]->ReadUntil(absl::StrCat("data: ", kEvents, ":"));
  const int reads = store_->reads();
  for (int i = 1; i < kReaders; ++i) clients.push_back(ComeBack(0));
  for (const auto& client : clients)
    client->ReadUntil(absl::StrCat("data: ", kEvents, ":"));
  EXPECT_EQ(store_->reads(), reads);
  Publish("", End{});
  for (const auto& client : clients) ExpectAllAfter(*client, 0);
}

TEST_F(ReplayTest, ReadersAtManyPlacesShareSegments) {
  std::mt19937 random(1);
  std::vector<Offset> cursors;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < kReaders; ++i) {
    cursors.push_back(random() % kEvents);
    clients.push_back(ComeBack(cursors.back()));
  }
  for (const auto& client : clients)
    client->ReadUntil(absl::StrCat("data: ", kEvents, ":"));
  EXPECT_LT(store_->reads(), kReaders / 4);
  Publish("", End{});
  for (int i = 0; i < kReaders; ++i) ExpectAllAfter(*clients[i], cursors[i]);
}

TEST_F(ReplayTest, AStoreThatIsSlowToReadIsAskedLittleAndHoldsUpNoLiveReader) {
  const std::unique_ptr<RawClient> live = ComeBack(kEvents);
  ASSERT_TRUE(live->ReadUntil(": sluice\n"));
  store_->HoldUp();
  std::vector<std::unique_ptr<RawClient>> behind;
  for (int i = 0; i < kReaders; ++i) {
    behind.push_back(ComeBack(static_cast<Offset>(i)));
    ASSERT_TRUE(behind.back()->ReadUntil(": sluice\n"));
  }
  EXPECT_GE(store_->held(), 1u);
  EXPECT_LE(store_->held(), 4u);
  Publish("", End{});
  ExpectAllAfter(*live, kEvents);
  store_->LetGo();
  for (int i = 0; i < kReaders; ++i)
    ExpectAllAfter(*behind[i], static_cast<Offset>(i));
}

}  // namespace
}  // namespace sluice
