#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "bridge/grpc/payload.h"
#include "bridge/http/sse_frame.h"

namespace sluice {
namespace {

// Events and their frames as tests/vectors has them; the tests of the clients
// publish the same ones to a bridge.
nlohmann::json Vectors() {
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/vectors/events.json");
  return nlohmann::json::parse(file);
}

std::string FrameOf(v1::Event event) {
  auto draft = ToDraft(event, nullptr);
  if (!draft.ok()) return draft.status().ToString();
  const Entry entry(1, absl::UnixEpoch(), std::make_shared<std::string>("t"),
                    *std::move(draft));
  return EntryFrame(entry, *Epoch::Parse("abcdefghij234"));
}

TEST(EventVectorsTest, EachEventBecomesTheBytesThatEveryClientExpects) {
  const auto vectors = Vectors();
  ASSERT_GT(vectors.size(), 0u);
  for (const auto& vector : vectors) {
    SCOPED_TRACE(vector.at("name").get<std::string>());
    v1::Event event;
    const auto parsed = google::protobuf::util::JsonStringToMessage(
        vector.at("event").dump(), &event);
    ASSERT_TRUE(parsed.ok()) << parsed.ToString();
    EXPECT_EQ(FrameOf(std::move(event)), vector.at("frame").get<std::string>());
  }
}

TEST(EventVectorsTest, AllCanBePublishedToOneTopic) {
  std::set<std::string> ids;
  for (const auto& vector : Vectors()) {
    const auto id = vector.at("event").at("id").get<std::string>();
    EXPECT_TRUE(ids.insert(id).second) << id;
  }
}

}  // namespace
}  // namespace sluice
