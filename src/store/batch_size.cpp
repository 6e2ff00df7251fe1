#include "store/batch_size.hpp"

#include <algorithm>

namespace belfry::store {

namespace {

constexpr double kKept = 0.9;  // of the earlier transactions' weight, at each new one

}  // namespace

void BatchSize::learn(std::size_t jobs, std::chrono::nanoseconds took) {
  const double seconds = std::chrono::duration<double>(took).count();
  if (jobs <= kFew) of_a_few_ = of_a_few_ * kKept + seconds * (1 - kKept);
  if (jobs < std::min(kMin, max_)) return;
  jobs_ = jobs_ * kKept + static_cast<double>(jobs);
  seconds_ = seconds_ * kKept + std::max(seconds - of_a_few_, 0.0);
  const double time = std::max(time_.count(), kTimesAFew * of_a_few_);
  const auto least = std::min(kMin, max_);
  const double fitting =
      time * jobs_ / std::max(seconds_, time * jobs_ / static_cast<double>(max_));
  now_ = std::clamp(static_cast<std::size_t>(fitting), least, max_);
}

}  // namespace belfry::store
