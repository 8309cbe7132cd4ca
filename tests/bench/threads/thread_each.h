#pragma once

#include <httplib.h>
#include <pthread.h>

#include <functional>
#include <memory>

namespace sluice::bench {

// Starts a thread for each connection, however many there are. cpp-httplib's
// own pool has a fixed number, and the next connection waits for ever.
class ThreadEach final : public httplib::TaskQueue {
 public:
  // Small, so that 10,000 of them are no question of address space.
  static constexpr size_t kStackBytes = 256 << 10;

  ThreadEach() {
    pthread_attr_init(&attributes_);
    pthread_attr_setdetachstate(&attributes_, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes_, kStackBytes);
  }
  ~ThreadEach() override { pthread_attr_destroy(&attributes_); }

  // If there can be no further thread, the connection is served in this one.
  void enqueue(std::function<void()> serve) override {
    auto work = std::make_unique<std::function<void()>>(std::move(serve));
    pthread_t thread;
    if (pthread_create(&thread, &attributes_, Run, work.get()) == 0) {
      work.release();
    } else {
      (*work)();
    }
  }

  void shutdown() override {}

 private:
  static void* Run(void* work) {
    const std::unique_ptr<std::function<void()>> own(
        static_cast<std::function<void()>*>(work));
    (*own)();
    return nullptr;
  }

  pthread_attr_t attributes_;
};

}  // namespace sluice::bench
