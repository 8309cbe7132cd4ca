// A launch that is counted down while somebody listens.
//
//   countdown [HOST:PORT [TOPIC [FROM]]]
//
// Open http://localhost:8080/v1/topics/launch/events, or `sluice sub launch`;
// `sluice stop launch` calls it off. It exits with 0 if all was published.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "sluice/publisher.h"

int main(int argc, char** argv) {
  const std::string target = argc > 1 ? argv[1] : "localhost:50051";
  const std::string topic = argc > 2 ? argv[2] : "launch";
  int left = argc > 3 ? std::atoi(argv[3]) : 10;

  sluice::PublisherOptions options;
  // If this program is killed, readers are told.
  options.on_abort = sluice::v1::ON_ABORT_FAIL;
  options.give_up_after = absl::Seconds(10);
  options.on_interest = [](const std::string& name, std::uint64_t readers) {
    std::printf("%llu listen to %s\n", static_cast<unsigned long long>(readers),
                name.c_str());
  };
  sluice::Publisher publisher(target, options);

  const auto streamed = publisher.Stream(
      topic, [&left]() -> absl::StatusOr<std::optional<sluice::Event>> {
        if (left < 0) return std::nullopt;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        return sluice::Json("{\"left\": " + std::to_string(left--) + "}");
      });
  if (!streamed.ok()) {
    std::fprintf(stderr, "%s\n", streamed.status().ToString().c_str());
    return 1;
  }
  std::printf("%llu events%s\n",
              static_cast<unsigned long long>(streamed->events),
              streamed->stop ? ", then a reader called it off" : "");
  return 0;
}
