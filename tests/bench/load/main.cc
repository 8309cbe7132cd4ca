// Thousands of readers and a few publishers in one process, told what to do
// line by line on standard input: each line is a JSON object, and is answered
// with one. Ends with its input.
//
//   bench_load PORT [THREADS]   of a server on 127.0.0.1, and threads that read
//
//   {"do":"give_way"}
//        has the threads read only while nobody else wants the cores
//   {"do":"open","group":G,"count":N,"target":"/t{n}","topics":T,"head":FIELDS,
//    "receive_buffer":BYTES,"reads":BOOL,"from_first":BOOL,"leaves_after":N}
//        N readers more; {n} is the reader's number modulo T
//   {"do":"opened","group":G,"timeout_ms":MS}    waits until all are open
//   {"do":"received","group":G,"events":N,"timeout_ms":MS}
//        waits until they have N events together
//   {"do":"report","group":G}  {"do":"clear","group":G}
//   {"do":"close","group":G}
//   {"do":"publisher","name":P,"grpc":PORT,"hints":BOOL}
//   {"do":"publisher","name":P,"http":PORT,"target":…,"head":…,"body":…}
//   {"do":"publish","name":P, …}    begins; the members of PublishPlan, and
//        "window":N,"group":G: at most N requests that not all have yet
//   {"do":"published","name":P}     waits for the end of it
#include <signal.h>
#include <sys/resource.h>

#include <chrono>
#include <future>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/bench/load/publisher.h"
#include "tests/bench/load/publishing.h"
#include "tests/bench/load/reader_group.h"

namespace sluice::bench {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kPoll(1);

json Quantiles(std::vector<int64_t> values) {
  if (values.empty()) return nullptr;
  std::sort(values.begin(), values.end());
  const auto at = [&](double part) {
    const auto last = static_cast<double>(values.size() - 1);
    return values[static_cast<size_t>(last * part + 0.5)];
  };
  return {{"p50", at(0.5)}, {"p99", at(0.99)}, {"max", values.back()}};
}

class Bench {
 public:
  Bench(uint16_t port, int threads) : port_(port) {
    for (int i = 0; i < threads; ++i) {
      threads_.push_back(std::make_unique<ReaderThread>(*EventLoop::Create()));
    }
  }

  json Do(const json& command) {
    const std::string what = command.at("do");
    if (what == "open") return Open(command);
    if (what == "give_way") {
      for (const auto& thread : threads_) thread->GiveWay();
      return json::object();
    }
    if (what == "publisher") return AddPublisher(command);
    if (what == "publish") return Publish(command);
    if (what == "published") return WaitForPublished(command);
    ReaderGroup& group = *groups_.at(command.at("group"));
    if (what == "opened") {
      Wait(command, [&] { return group.opened() >= group.size(); });
    } else if (what == "received") {
      const uint64_t events = command.at("events");
      Wait(command, [&] { return group.events() >= events; });
    } else if (what == "clear") {
      group.Clear();
      return json::object();
    } else if (what == "close") {
      groups_.erase(command.at("group").get<std::string>());
      return json::object();
    } else if (what != "report") {
      throw std::invalid_argument(absl::StrCat("not understood: ", what));
    }
    return Report(group);
  }

 private:
  struct Sender {
    std::unique_ptr<Publisher> publisher;
    std::future<Published> running;
  };

  json Open(const json& command) {
    ReaderOptions options;
    const uint64_t topics = command.value("topics", uint64_t{1});
    options.head = command.value("head", "Host: 127.0.0.1\r\n");
    options.receive_buffer = command.value("receive_buffer", 0);
    options.reads = command.value("reads", true);
    options.from_first = command.value("from_first", false);
    options.leaves_after = command.value("leaves_after", uint64_t{0});
    options.one_topic = topics == 1;
    const uint64_t count = command.at("count");
    std::vector<std::string> targets;
    targets.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
      targets.push_back(
          absl::StrReplaceAll(command.at("target").get<std::string>(),
                              {{"{n}", std::to_string(i % topics)}}));
    }
    auto& group = groups_[command.at("group")];
    if (group == nullptr)
      group = std::make_unique<ReaderGroup>(threads_, port_, options);
    group->Open(targets, connections_);
    return json::object();
  }

  json AddPublisher(const json& command) {
    Sender& sender = senders_[command.at("name")];
    if (command.contains("grpc")) {
      sender.publisher =
          NewGrpcPublisher(command.at("grpc"), command.value("hints", false));
      return json::object();
    }
    auto publisher = NewHttpPublisher({command.at("http"), command.at("target"),
                                       command.at("head"), command.at("body")});
    if (!publisher.ok()) return {{"error", publisher.status().ToString()}};
    sender.publisher = *std::move(publisher);
    return json::object();
  }

  json Publish(const json& command) {
    PublishPlan plan;
    plan.topic = command.value("topic", plan.topic);
    plan.topics = command.value("topics", plan.topics);
    plan.first_number = command.value("first_number", plan.first_number);
    plan.requests = command.at("requests");
    plan.most_us = command.value("most_us", plan.most_us);
    plan.events_a_request =
        command.value("events_a_request", plan.events_a_request);
    plan.event_bytes = command.value("event_bytes", plan.event_bytes);
    plan.end = command.value("end", plan.end);
    plan.requests_a_tick =
        command.value("requests_a_tick", plan.requests_a_tick);
    plan.tick_us = command.value("tick_us", plan.tick_us);
    if (command.contains("window")) {
      const uint64_t window = command.at("window");
      const ReaderGroup& group = *groups_.at(command.at("group"));
      const uint64_t readers =
          group.size() / plan.topics * plan.events_a_request;
      const uint64_t before = group.events();
      const auto give_up =
          std::chrono::steady_clock::now() +
          std::chrono::milliseconds(command.value("timeout_ms", 10000));
      plan.may_go_on = [=, &group](uint64_t published) {
        return published < window ||
               group.events() - before >= (published - window + 1) * readers ||
               std::chrono::steady_clock::now() > give_up;
      };
    }
    Sender& sender = senders_.at(command.at("name"));
    sender.running =
        std::async(std::launch::async, [plan, &publisher = *sender.publisher] {
          return Run(plan, publisher);
        });
    return json::object();
  }

  json WaitForPublished(const json& command) {
    const Published published = senders_.at(command.at("name")).running.get();
    json answer = {{"requests", published.requests},
                   {"events", published.events},
                   {"us", published.us},
                   {"late_us", published.late_us}};
    if (!published.status.ok()) answer["error"] = published.status.ToString();
    return answer;
  }

  static void Wait(const json& command, const std::function<bool()>& done) {
    const auto until =
        std::chrono::steady_clock::now() +
        std::chrono::milliseconds(command.at("timeout_ms").get<int64_t>());
    while (!done() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(kPoll);
  }

  static json Report(ReaderGroup& group) {
    const Tally tally = group.Sum();
    std::vector<int64_t> to_last;
    for (const Tally::Arrival& arrival : tally.arrivals) {
      if (arrival.readers == group.size())
        to_last.push_back(arrival.last_us - arrival.sent_us);
    }
    return {{"readers", group.size()},
            {"opened", tally.opened},
            {"opened_us", tally.last_opened_us - group.opened_at_us()},
            {"refused", tally.refused},
            {"closed", tally.closed},
            {"done", tally.done},
            {"events", tally.events},
            {"missing", tally.missing},
            {"repeated", tally.repeated},
            {"bytes", tally.bytes},
            {"latency_us",
             {{"count", tally.latency.count()},
              {"p50", tally.latency.QuantileUs(0.5)},
              {"p99", tally.latency.QuantileUs(0.99)},
              {"max", tally.latency.max_us()}}},
            {"to_last_us", Quantiles(std::move(to_last))}};
  }

  const uint16_t port_;
  uint64_t connections_ = 0;
  std::vector<std::unique_ptr<ReaderThread>> threads_;
  std::map<std::string, std::unique_ptr<ReaderGroup>> groups_;
  std::map<std::string, Sender> senders_;
};

void RaiseDescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int Serve(uint16_t port, int threads) {
  RaiseDescriptorLimit();
  signal(SIGPIPE, SIG_IGN);
  Bench bench(port, threads);
  for (std::string line; std::getline(std::cin, line);) {
    json answer;
    try {
      answer = bench.Do(json::parse(line));
    } catch (const std::exception& error) {
      answer = {{"error", error.what()}};
    }
    std::cout << answer.dump() << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  int port;
  int threads = 2;
  if (argc < 2 || argc > 3 || !absl::SimpleAtoi(argv[1], &port) || port < 1 ||
      port > 65535 ||
      (argc == 3 && (!absl::SimpleAtoi(argv[2], &threads) || threads < 1))) {
    std::cerr << "usage: bench_load PORT [THREADS]\n";
    return 2;
  }
  return sluice::bench::Serve(static_cast<uint16_t>(port), threads);
}
