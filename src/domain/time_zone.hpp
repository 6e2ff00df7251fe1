#pragma once

#include <string_view>

#include "base/encoding.hpp"
#include "base/error.hpp"

namespace date {
class time_zone;
}

namespace belfry::domain {

// A zone of the system's time zone database (tzdata); UTC unless found by name. A plain value.
class TimeZone {
 public:
  TimeZone() = default;
  // By its IANA name. validation_failed says which names are near, or that there is no database.
  static Result<TimeZone> find(std::string_view name);

  // What a local time means here. One that a change of the clocks leaves out is the first instant
  // after the gap; of one that comes twice it is the first.
  Timestamp instant_of(std::chrono::local_time<Millis> local) const;
  LocalTimeRule rule() const;

 private:
  const date::time_zone* zone_ = nullptr;  // lives as long as the process; none: UTC
};

}  // namespace belfry::domain
