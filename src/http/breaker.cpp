#include "http/breaker.hpp"

#include <algorithm>

namespace belfry::http {
namespace {

constexpr Millis kNextAfterUnjudgedProbe{1'000};

}  // namespace

bool Breaker::admits(Timestamp now) const {
  return !open() || (!probing_ && next_probe_ <= now);
}

bool Breaker::begin(Timestamp now) {
  if (!open()) return false;
  probing_ = true;
  probe_began_ = now;
  return true;
}

void Breaker::succeed() {
  failures_ = 0;
  probing_ = false;
  interval_ = Millis{0};
  since_.reset();
  failed_probe_.reset();
  last_error_.clear();
}

void Breaker::fail(bool probe, std::string error, Timestamp now, const BreakerOptions& options,
                   Random& random) {
  if (open()) {
    // A breaker may have closed and opened again while the probe was under way.
    if (!probe || !probing_) return;
    probing_ = false;
    failed_probe_ = probe_began_;
  } else {
    if (++failures_ < options.failures_to_open) return;
    since_ = now;
  }
  last_error_ = std::move(error);
  wait_for_probe(now, options, random);
}

void Breaker::wait_for_probe(Timestamp now, const BreakerOptions& options, Random& random) {
  interval_ =
      interval_ == Millis{0} ? options.probe_first : std::min(interval_ * 2, options.probe_max);
  const double jitter = 0.9 + 0.2 * random.next_unit();
  next_probe_ =
      now + Millis{static_cast<std::int64_t>(static_cast<double>(interval_.count()) * jitter)};
}

void Breaker::end_unjudged(bool probe, bool breaks_row, Timestamp now,
                           const BreakerOptions& options) {
  if (!open()) {
    if (breaks_row) failures_ = 0;
    return;
  }
  if (!probe || !probing_) return;
  probing_ = false;
  next_probe_ = now + std::min(kNextAfterUnjudgedProbe, options.probe_first);
}

}  // namespace belfry::http
