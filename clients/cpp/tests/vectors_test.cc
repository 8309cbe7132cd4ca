// tests/vectors: what every library must be able to publish, and the bytes that
// readers get of it.
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sluice/publish_once.h"
#include "sluice/publisher.h"
#include "support/bridge.h"
#include "support/status_matchers.h"

namespace sluice {
namespace {

struct Vector {
  std::string name;
  Event event;
  std::string frame;
};

std::vector<Vector> ReadVectors() {
  std::vector<Vector> vectors;
  std::ifstream file(SLUICE_VECTORS);
  for (const auto& item : nlohmann::json::parse(file)) {
    Vector& vector = vectors.emplace_back();
    vector.name = item.at("name");
    vector.frame = item.at("frame");
    const auto status = google::protobuf::util::JsonStringToMessage(
        item.at("event").dump(), &vector.event);
    EXPECT_TRUE(status.ok()) << vector.name;
  }
  return vectors;
}

void ExpectFrames(const std::vector<Vector>& vectors, std::string stream) {
  for (const Vector& vector : vectors) {
    ASSERT_EQ(stream.substr(0, vector.frame.size()), vector.frame)
        << vector.name;
    stream.erase(0, vector.frame.size());
  }
  const std::string done = "\ndata: [DONE]\n\n";
  ASSERT_GE(stream.size(), done.size());
  EXPECT_EQ(stream.substr(stream.find('\n')), done);
}

TEST(VectorsTest, EveryVectorIsReadAsTheBytesThatItShouldBe) {
  const testing::Bridge bridge;
  const std::vector<Vector> vectors = ReadVectors();
  ASSERT_FALSE(vectors.empty());
  std::vector<Event> events;
  Publisher publisher(bridge.grpc());
  for (const Vector& vector : vectors) {
    ASSERT_OK(publisher.Publish("vectors", vector.event)) << vector.name;
    events.push_back(vector.event);
  }
  ASSERT_OK(publisher.End("vectors"));
  ASSERT_OK(publisher.Close());
  ExpectFrames(vectors, bridge.Stream("vectors"));

  PublishOnceOptions options;
  options.end.emplace();
  ASSERT_OK(
      PublishOnce(Connect(bridge.grpc()), "plain", Items(events), options));
  ExpectFrames(vectors, bridge.Stream("plain"));
}

}  // namespace
}  // namespace sluice
