#include "api/time_range.hpp"

namespace belfry::api {

Result<TimeRange> time_range(const Query& query) {
  using std::chrono::hours;
  using std::chrono::minutes;
  const auto text = query.one("range").value_or("1h");
  if (text == "15m") return TimeRange{minutes{15}, minutes{1}, false};
  if (text == "1h") return TimeRange{hours{1}, minutes{1}, false};
  if (text == "6h") return TimeRange{hours{6}, minutes{5}, false};
  if (text == "24h") return TimeRange{hours{24}, minutes{15}, false};
  if (text == "7d") return TimeRange{hours{24 * 7}, hours{1}, true};
  if (text == "30d") return TimeRange{hours{24 * 30}, hours{6}, true};
  return fail(query_error("range", "must be 15m, 1h, 6h, 24h, 7d or 30d"));
}

}  // namespace belfry::api
