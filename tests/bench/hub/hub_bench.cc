// What topics and appends cost at the hub, with nobody to read them: no gRPC,
// no HTTP. The counters say the bytes that the process has more for a topic.
#include <benchmark/benchmark.h>
#include <jemalloc/jemalloc.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "bridge/hub/hub.h"
#include "bridge/store/memory_store.h"

namespace sluice {
namespace {

class Log {
 public:
  Log() {
    MemoryStoreOptions options;
    options.max_topics = 10000000;
    options.memory_limit = uint64_t{64} << 30;
    store_ = NewMemoryStore(options, [this](absl::Span<const EntryRef> batch) {
      hub_.OnCommitted(batch);
    });
    hub_.SetStore(store_.get());
  }

  void Create(const std::string& topic) {
    store_->Create(
        topic, TopicSettings(), /*replace_ended=*/false,
        [](const auto& created) { benchmark::DoNotOptimize(created); });
  }

  void Append(const std::string& topic) {
    Store::AppendRequest request;
    request.topic = topic;
    request.events.emplace_back();
    request.events.back().data.assign(100, 'x');
    store_->Append(std::move(request), [](const auto& appended) {
      benchmark::DoNotOptimize(appended);
    });
  }

 private:
  Hub hub_;
  std::unique_ptr<Store> store_;
};

std::string Name(int64_t number) {
  return absl::StrCat("orders.customer.", number);
}

size_t BytesInUse() {
  uint64_t epoch = 1;
  mallctl("epoch", nullptr, nullptr, &epoch, sizeof(epoch));
  size_t bytes = 0;
  size_t size = sizeof(bytes);
  mallctl("stats.allocated", &bytes, &size, nullptr, 0);
  return bytes;
}

// Topics that are made, with or without an event in each.
void OneMoreIdleTopic(benchmark::State& state) {
  const int64_t topics = state.range(0);
  const bool with_event = state.range(1) != 0;
  for (auto _ : state) {
    const size_t before = BytesInUse();
    Log log;
    for (int64_t i = 0; i < topics; ++i) {
      if (with_event) {
        log.Append(Name(i));
      } else {
        log.Create(Name(i));
      }
    }
    state.counters["bytes_a_topic"] =
        static_cast<double>(BytesInUse() - before) /
        static_cast<double>(topics);
  }
  state.SetItemsProcessed(topics);
}

// Not as many as Google Benchmark would find that it needs: it tries several
// numbers, and the topics are made anew for each.
constexpr int64_t kAppends = 1000000;

// To one topic after the other, of so many.
void AppendThatNobodyReads(benchmark::State& state) {
  Log log;
  for (int64_t i = 0; i < state.range(0); ++i) log.Append(Name(i));
  int64_t next = 0;
  for (auto _ : state) {
    log.Append(Name(next));
    if (++next == state.range(0)) next = 0;
  }
  state.SetItemsProcessed(state.iterations());
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  const char* const most = std::getenv("BENCH_HUB_TOPICS");
  const int64_t most_topics = most == nullptr ? 1000000 : std::atoll(most);
  for (int64_t topics = 1000; topics <= most_topics; topics *= 10) {
    for (const int64_t with_event : {0, 1}) {
      benchmark::RegisterBenchmark("OneMoreIdleTopic", sluice::OneMoreIdleTopic)
          ->ArgNames({"topics", "with_event"})
          ->Args({topics, with_event})
          ->Iterations(1);
    }
    benchmark::RegisterBenchmark("AppendThatNobodyReads",
                                 sluice::AppendThatNobodyReads)
        ->ArgName("topics")
        ->Arg(topics)
        ->Iterations(sluice::kAppends);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
