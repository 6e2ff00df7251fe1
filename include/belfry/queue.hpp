#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "belfry/task.hpp"

namespace belfry::client {

// What is set here is changed; what is absent stays as it is, unless `clear` names it.
struct QueueSettings {
  enum class Field { concurrency_limit, default_target, retry, timeout, aging };

  std::optional<int> concurrency_limit = std::nullopt;  // tasks that run at once; 1 to 100,000
  std::optional<Target> default_target = std::nullopt;  // of tasks that name none
  std::optional<Retry> retry = std::nullopt;            // of tasks that name none
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;  // of an attempt; 100 ms to 24 h
  // Waiting this long outweighs one level of priority; 1 s to 24 h, default 60 s.
  std::optional<std::chrono::milliseconds> aging = std::nullopt;
  std::vector<Field> clear = {};  // back to the default, which is no limit; beats a value above
};

}  // namespace belfry::client
