#pragma once

#include <variant>

#include "domain/queue.hpp"
#include "store/commands.hpp"

namespace belfry::store {

// Where tasks without a target of their own run: their queue's default target, or, where the queue
// has none, what the deployment says (`--default-target`).
inline bool default_lane_is_for_workers(const domain::QueueSettings& settings,
                                        bool default_target_is_echo) {
  if (!settings.default_target) return !default_target_is_echo;
  return std::holds_alternative<domain::WorkerTarget>(*settings.default_target);
}

// The lanes of a queue that a pull may take from, and those that pushes (and echoes) are taken
// from.
inline unsigned worker_lanes(const domain::QueueSettings& settings, bool default_target_is_echo) {
  const auto own = lane_bit(domain::Lane::worker);
  const bool both = default_lane_is_for_workers(settings, default_target_is_echo);
  return both ? own | lane_bit(domain::Lane::by_queue_default) : own;
}
inline unsigned push_lanes(const domain::QueueSettings& settings, bool default_target_is_echo) {
  const auto own = lane_bit(domain::Lane::push);
  const bool both = !default_lane_is_for_workers(settings, default_target_is_echo);
  return both ? own | lane_bit(domain::Lane::by_queue_default) : own;
}

}  // namespace belfry::store
