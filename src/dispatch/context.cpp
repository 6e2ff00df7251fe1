#include "dispatch/context.hpp"

namespace belfry::dispatch {
namespace {

constexpr auto kFinished = "belfry_attempts_finished_total";
constexpr auto kFinishedHelp = "Attempts of pushes and echoes that ended here, by outcome.";

}  // namespace

Instruments::Instruments(MetricsRegistry& registry)
    : started(registry.counter("belfry_attempts_started_total",
                               "Attempts of pushes and echoes that began here.")),
      completed(registry.counter(kFinished, kFinishedHelp, "outcome=\"completed\"")),
      failed(registry.counter(kFinished, kFinishedHelp, "outcome=\"failed\"")),
      retried(registry.counter(kFinished, kFinishedHelp, "outcome=\"retrying\"")),
      released(registry.counter(kFinished, kFinishedHelp, "outcome=\"released\"")),
      accepted(registry.counter(kFinished, kFinishedHelp, "outcome=\"accepted\"")),
      leases_lost(registry.counter("belfry_leases_lost_total", "Leases that ended unanswered.")),
      expired(registry.counter("belfry_tasks_expired_total",
                               "Tasks whose expiresAt passed before they started.")),
      scrubs(registry.counter("belfry_store_scrubs_total",
                              "How often all stored tasks were compared with their checksums.")),
      wait(registry.histogram("belfry_schedule_to_start_seconds",
                              "From being due to the start of an attempt.")),
      run(registry.histogram("belfry_attempt_run_seconds", "From start to end of an attempt.")),
      lateness(registry.histogram("belfry_timer_lateness_seconds",
                                  "How late the timer was when it moved due tasks.")) {}

}  // namespace belfry::dispatch
