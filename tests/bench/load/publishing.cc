#include "tests/bench/load/publishing.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/bench/load/payload.h"
#include "tests/load/steady_us.h"

namespace sluice::bench {
namespace {

constexpr std::chrono::microseconds kPoll(100);

}  // namespace

Published Run(const PublishPlan& plan, Publisher& publisher) {
  std::vector<std::string> topics;
  for (uint64_t i = 0; i < plan.topics; ++i) {
    topics.push_back(
        absl::StrReplaceAll(plan.topic, {{"{n}", std::to_string(i)}}));
  }
  Published published;
  const int64_t start_us = SteadyUs();
  std::vector<std::string> texts(plan.events_a_request);
  for (uint64_t i = 0; i < plan.requests && published.status.ok(); ++i) {
    const bool tick = plan.tick_us > 0 && i % plan.requests_a_tick == 0;
    if (tick) {
      const int64_t due_us =
          start_us +
          static_cast<int64_t>(i / plan.requests_a_tick) * plan.tick_us;
      const int64_t early_us = due_us - SteadyUs();
      if (early_us > 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(early_us));
      } else {
        published.late_us = std::max(published.late_us, -early_us);
      }
    }
    while (plan.may_go_on && !plan.may_go_on(i))
      std::this_thread::sleep_for(kPoll);
    const uint64_t round = i / plan.topics;
    if (plan.most_us > 0 && SteadyUs() - start_us > plan.most_us) break;
    const int64_t sent_us = absl::ToUnixMicros(absl::Now());
    for (uint64_t k = 0; k < plan.events_a_request; ++k) {
      texts[k] = ToText(
          {plan.first_number + round * plan.events_a_request + k, sent_us},
          plan.event_bytes);
    }
    const bool last_of_topic = i + plan.topics >= plan.requests;
    const bool last_of_tick = (i + 1) % plan.requests_a_tick == 0;
    const bool more = i + 1 < plan.requests && !plan.may_go_on &&
                      (plan.tick_us == 0 || !last_of_tick);
    published.status = publisher.Publish(topics[i % plan.topics], texts,
                                         plan.end && last_of_topic, more);
    ++published.requests;
    published.events += plan.events_a_request;
  }
  const absl::Status finished = publisher.Finish();
  if (published.status.ok()) published.status = finished;
  published.us = SteadyUs() - start_us;
  return published;
}

}  // namespace sluice::bench
