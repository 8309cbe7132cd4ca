#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace sluice {

// Waits until `condition` holds, for what comes by itself but not at once;
// false if it does not within a minute.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace sluice
