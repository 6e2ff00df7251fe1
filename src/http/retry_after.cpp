#include "http/retry_after.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/encoding.hpp"

namespace belfry::http {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT": brought into the form that parse_time reads.
std::optional<Timestamp> http_date(std::string_view text) {
  if (text.size() != 29 || text.substr(25) != " GMT" || text[3] != ',') return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end()) return std::nullopt;
  return parse_time(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month - kMonths.begin() + 1,
                                text.substr(5, 2), text.substr(17, 8)));
}

}  // namespace

std::optional<Timestamp> retry_after(std::string_view value, Timestamp now) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  std::optional<Timestamp> at;
  if (error == std::errc::result_out_of_range) {
    at = now + kRetryAfterMax;
  } else if (error == std::errc{} && end == value.data() + value.size() && seconds >= 0) {
    const auto most = std::chrono::duration_cast<std::chrono::seconds>(kRetryAfterMax);
    at = now + std::min(std::chrono::seconds{seconds}, most);
  } else {
    at = http_date(value);
  }
  if (!at) return std::nullopt;
  return std::min(*at, now + kRetryAfterMax);
}

}  // namespace belfry::http
