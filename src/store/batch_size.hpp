#pragma once

#include <chrono>
#include <cstddef>

namespace belfry::store {

// How many jobs one transaction takes, so that a job that comes while a long line waits is written
// soon: as many as fit into a given time, or into four times what a transaction of a few jobs takes
// where that is more, so that a slow disk costs at most a quarter of the throughput. Not
// thread-safe.
class BatchSize {
 public:
  static constexpr std::size_t kMin = 64;
  static constexpr std::size_t kFew = 8;
  static constexpr int kTimesAFew = 4;

  BatchSize(std::size_t max, std::chrono::nanoseconds time) : max_(max), time_(time), now_(max) {}

  std::size_t now() const { return now_; }
  // What a transaction of so many jobs took, its flush included.
  void learn(std::size_t jobs, std::chrono::nanoseconds took);

 private:
  std::size_t max_;
  std::chrono::duration<double> time_;
  std::size_t now_;
  double of_a_few_ = 0;  // seconds
  // Sums over the last large transactions, of which older ones count less.
  double jobs_ = 0;
  double seconds_ = 0;  // beyond what a few would have taken
};

}  // namespace belfry::store
