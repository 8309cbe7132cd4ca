#include "tests/bench/load/reader_group.h"

#include <arpa/inet.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <utility>

#include "tests/load/steady_us.h"

namespace sluice::bench {
namespace {

// Servers do not wait for requests for long.
constexpr size_t kConnectsATurn = 64;

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

ReaderThread::ReaderThread(std::unique_ptr<EventLoop> loop)
    : loop_(std::move(loop)),
      thread_([this] { loop_->Run([] { return false; }); }) {}

ReaderThread::~ReaderThread() {
  loop_->Stop();
  thread_.join();
}

void ReaderThread::Do(const std::function<void()>& work) {
  std::promise<void> done;
  loop_->Post([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

void ReaderThread::GiveWay() {
  Do([] {
    const sched_param none{};
    if (sched_setscheduler(0, SCHED_IDLE, &none) != 0)
      std::perror("bench_load: sched_setscheduler");
  });
}

ReaderGroup::ReaderGroup(
    const std::vector<std::unique_ptr<ReaderThread>>& threads, uint16_t port,
    ReaderOptions options)
    : options_(std::move(options)) {
  for (const auto& thread : threads) {
    parts_.push_back(std::unique_ptr<Part>(new Part{
        *thread,
        {thread->loop(), thread->scratch(), options_, Loopback(port)}}));
  }
}

ReaderGroup::~ReaderGroup() {
  for (const auto& part : parts_) {
    // They are handlers of the turn in which they are closed.
    part->thread.Do([&] {
      for (auto& reader : part->readers) {
        reader->Close();
        part->thread.loop().DeleteLater(std::move(reader));
      }
    });
    part->thread.Do([] {});
  }
}

void ReaderGroup::Open(const std::vector<std::string>& targets,
                       uint64_t& connection) {
  opened_at_us_ = SteadyUs();
  size_ += targets.size();
  for (size_t i = 0; i < parts_.size(); ++i) {
    Part& part = *parts_[i];
    std::vector<std::string> own;
    for (size_t at = i; at < targets.size(); at += parts_.size())
      own.push_back(targets[at]);
    const uint64_t first = connection;
    connection += own.size();
    part.thread.loop().Post([&part, own = std::move(own), first]() mutable {
      for (std::string& target : own) {
        part.readers.push_back(
            std::make_unique<Reader>(part.share, std::move(target)));
      }
      ConnectSome(part, first);
    });
  }
}

void ReaderGroup::ConnectSome(Part& part, uint64_t connection) {
  const size_t until =
      std::min(part.readers.size(), part.connected + kConnectsATurn);
  while (part.connected < until)
    part.readers[part.connected++]->Connect(connection++);
  if (part.connected == part.readers.size()) return;
  part.thread.loop().Post(
      [&part, connection] { ConnectSome(part, connection); });
}

uint64_t ReaderGroup::opened() const {
  uint64_t sum = 0;
  for (const auto& part : parts_)
    sum += part->share.opened.load(std::memory_order_relaxed);
  return sum;
}

uint64_t ReaderGroup::events() const {
  uint64_t sum = 0;
  for (const auto& part : parts_)
    sum += part->share.events.load(std::memory_order_relaxed);
  return sum;
}

Tally ReaderGroup::Sum() {
  Tally sum;
  for (const auto& part : parts_)
    part->thread.Do([&] { sum.Add(part->share.tally); });
  return sum;
}

void ReaderGroup::Clear() {
  for (const auto& part : parts_) {
    part->thread.Do([&] {
      part->share.tally.latency = Latency();
      part->share.tally.arrivals.clear();
    });
  }
}

}  // namespace sluice::bench
