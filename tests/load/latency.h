#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice {

// How long deliveries took, in microseconds: counts in steps of an eighth of a
// power of two, so a quantile is at most an eighth too high.
class Latency {
 public:
  void Add(int64_t us) {
    const uint64_t value = us < 0 ? 0 : static_cast<uint64_t>(us);
    ++counts_[Step(value)];
    ++count_;
    if (value > max_) max_ = value;
  }

  void Add(const Latency& other) {
    for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    if (other.max_ > max_) max_ = other.max_;
  }

  uint64_t count() const { return count_; }
  uint64_t max_us() const { return max_; }

  // No more than `part` (0 to 1) took longer; 0 if there was nothing.
  uint64_t QuantileUs(double part) const {
    uint64_t left = static_cast<uint64_t>(static_cast<double>(count_) * part);
    for (size_t step = 0; step < counts_.size(); ++step) {
      if (left < counts_[step]) return Top(step) < max_ ? Top(step) : max_;
      left -= counts_[step];
    }
    return max_;
  }

 private:
  static constexpr int kBits = 3;
  static constexpr uint64_t kPart = 1 << kBits;

  static size_t Step(uint64_t value) {
    if (value < kPart) return value;
    const int shift = 63 - __builtin_clzll(value) - kBits;
    return (static_cast<size_t>(shift + 1) << kBits) +
           ((value >> shift) & (kPart - 1));
  }
  static uint64_t Top(size_t step) {
    if (step < kPart) return step;
    const int shift = static_cast<int>(step >> kBits) - 1;
    return ((kPart + (step & (kPart - 1)) + 1) << shift) - 1;
  }

  std::array<uint64_t, (64 - kBits + 1) << kBits> counts_{};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

}  // namespace sluice
