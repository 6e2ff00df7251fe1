#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace belfry::http {

struct BreakerOptions {
  int failures_to_open = 5;   // in a row
  Millis probe_first{3'000};  // then doubled up to probe_max while probes fail; each ± 10 %
  Millis probe_max{60'000};
};

// Stops calls to one origin or one handler that keeps failing, and lets one probe through per
// interval to find out whether it has recovered. What counts as a failure is the caller's decision.
// Pure: the caller passes the time.
class Breaker {
 public:
  bool open() const { return since_.has_value(); }
  // Closed, or open and due for a probe that nobody makes yet.
  bool admits(Timestamp now) const;
  // A call begins. True if it is the probe of an open breaker: pass that on to what follows.
  bool begin(Timestamp now);
  // A success closes the breaker, whether it is the probe's or a late one of a call from before.
  void succeed();
  // A failure counts towards opening; while open, only the probe's failure counts.
  void fail(bool probe, std::string error, Timestamp now, const BreakerOptions& options,
            Random& random);
  // The end of a call that was neither: breaks a row of failures if `breaks_row`.
  void end_unjudged(bool probe, bool breaks_row, Timestamp now, const BreakerOptions& options);

  std::optional<Timestamp> since() const { return since_; }
  Timestamp next_probe() const { return next_probe_; }
  const std::string& last_error() const { return last_error_; }
  bool probing() const { return probing_; }
  // When the latest probe that failed had begun.
  std::optional<Timestamp> failed_probe() const { return failed_probe_; }
  bool untouched() const { return failures_ == 0 && !since_; }

 private:
  void wait_for_probe(Timestamp now, const BreakerOptions& options, Random& random);

  int failures_ = 0;
  bool probing_ = false;
  Millis interval_{0};
  std::optional<Timestamp> since_;
  Timestamp next_probe_, probe_began_;
  std::optional<Timestamp> failed_probe_;
  std::string last_error_;
};

}  // namespace belfry::http
