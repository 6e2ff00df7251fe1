#include "server/clock_watch.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/timex.h>

#include "base/log.hpp"

namespace belfry::server {
namespace {

constexpr Millis kBehindMax{2'000};
constexpr std::chrono::hours kAheadMax{24};
constexpr std::chrono::hours kDoubtMax{24};
constexpr Millis kSkewMax{2'000};

std::string text_of(Timestamp time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", std::chrono::floor<std::chrono::seconds>(time));
}

// Empty if the times agree.
std::string contradiction(Timestamp now, Timestamp newest) {
  const auto ahead = now - newest;
  if (ahead >= -kBehindMax && ahead <= kAheadMax) return "";
  return fmt::format(
      "At the start the machine's clock was at {}, {} s {} the newest time in the "
      "store",
      text_of(now), std::chrono::abs(ahead).count() / 1'000,
      ahead.count() < 0 ? "behind" : "ahead of");
}

}  // namespace

KernelClock kernel_clock() {
  timex state{};
  const int answer = adjtimex(&state);
  if (answer < 0) return KernelClock::unknown;
  const bool synchronised = answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  return synchronised ? KernelClock::synchronised : KernelClock::not_synchronised;
}

ClockWatch::ClockWatch(AnchoredClock& clock, std::optional<Timestamp> newest_recorded,
                       std::function<KernelClock()> kernel,
                       std::function<Steady::time_point()> running)
    : clock_(clock),
      kernel_(std::move(kernel)),
      running_(std::move(running)),
      started_(running_()) {
  if (newest_recorded) doubt_ = contradiction(clock.now(), *newest_recorded);
  if (doubt_.empty()) return;
  clock_.set_in_doubt(true);
  if (!look()) log().warn("{}", notes());
}

bool ClockWatch::end_doubt(const char* why) {
  {
    const std::lock_guard lock(mutex_);
    if (doubt_.empty()) return false;
    log().info("{}; taken for right: {}", doubt_, why);
    doubt_.clear();
  }
  clock_.set_in_doubt(false);
  return true;
}

bool ClockWatch::accept() {
  return end_doubt("an operator accepts the clock");
}

bool ClockWatch::look() {
  const auto skew = clock_.skew();
  const bool skewed = std::chrono::abs(skew) > kSkewMax;
  if (skewed != std::exchange(skewed_, skewed)) {
    log().warn("clock_skew_seconds={} since the start", skew.count() / 1'000);
  }
  if (!clock_.in_doubt()) return false;
  if (running_() - started_ >= kDoubtMax) return end_doubt("the service has run for 24 h");
  if (kernel_() != KernelClock::synchronised) return false;
  return end_doubt("the kernel says that it is synchronised");
}

std::string ClockWatch::notes() const {
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    if (!doubt_.empty()) {
      text =
          doubt_ +
          ". Until that is settled, nothing is pruned and no task expires. If the clock is right, "
          "call POST /api/v1/admin/clock/accept with an operator's token; if it is wrong, set it "
          "and restart. It settles by itself when the kernel's clock is synchronised (NTP), or "
          "after 24 hours of running.";
    }
  }
  const auto skew = clock_.skew();
  if (std::chrono::abs(skew) > kSkewMax) {
    if (!text.empty()) text += ' ';
    text += fmt::format(
        "The machine's clock has moved by {} s since the start. The service goes on with the clock "
        "of its start; once the machine's clock is right, restart the service to follow it.",
        skew.count() / 1'000);
  }
  return text;
}

}  // namespace belfry::server
