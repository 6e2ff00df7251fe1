#include "dispatch/put_off.hpp"

#include "outbox/finish.hpp"

namespace belfry::dispatch {
namespace {

// How long a destination may be open before it ends a task that it has never let through, beside
// the waits of the task's own policy.
constexpr Millis kShelter{60'000};

}  // namespace

bool turns_away(const Context& context, const store::Claim::Task& task,
                const http::Destination& to) {
  if (context.gate.crowded(to)) return true;
  const bool open = context.gate.standing(to).kind == http::Standing::Kind::open;
  return !open && context.backlog.comes_first(to, {task.rank, task.id});
}

store::Parking parking_of(const Context& context, const store::Claim::Task& task,
                          const http::Destination& to) {
  const auto standing = context.gate.standing(to);
  store::Parking parking{to.origin, to.handler, task.ready_since, {}, kShelter};
  if (standing.kind == http::Standing::Kind::open) parking.open_since = standing.since;
  const auto policy = outbox::policy_of(task.options, task.queue, context.directory);
  for (int failures = task.failures + 1; failures < task.max_attempts; ++failures) {
    parking.patience += domain::base_delay_after(policy, failures);
  }
  return parking;
}

}  // namespace belfry::dispatch
