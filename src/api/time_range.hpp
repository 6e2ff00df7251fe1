#pragma once

#include "api/body.hpp"

namespace belfry::api {

// How far back figures go and in which steps: the parameter `range`, an hour if absent.
struct TimeRange {
  Millis length;
  Millis step;
  bool hourly;  // made of the series' hours, else of its minutes
};
Result<TimeRange> time_range(const Query& query);

}  // namespace belfry::api
