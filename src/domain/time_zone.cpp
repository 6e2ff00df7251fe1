#include "domain/time_zone.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

namespace belfry::domain {
namespace {

constexpr std::size_t kNearNames = 3;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// How many letters differ, by Levenshtein.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

// A city without its region is near too.
std::size_t distance_to_zone(const std::string& wanted, const std::string& zone) {
  return std::min(distance(wanted, zone), distance(wanted, zone.substr(zone.rfind('/') + 1)));
}

std::string near_names(std::string_view name) {
  const auto wanted = lower(name.substr(0, 64));
  std::vector<std::pair<std::size_t, std::string>> names;
  for (const auto& zone : date::get_tzdb().zones) {
    names.emplace_back(distance_to_zone(wanted, lower(zone.name())), zone.name());
  }
  std::sort(names.begin(), names.end());
  names.resize(std::min(names.size(), kNearNames));
  std::string list;
  for (const auto& [far, near] : names) list += (list.empty() ? "" : ", ") + near;
  return list;
}

// The library reads no rule for the time after the last change in the database's files, 2037. Years
// with the same calendar stand for later ones: the rules of today are by month and weekday.
constexpr int kLastYear = 2037;

std::chrono::year year_of_same_calendar(std::chrono::year wanted) {
  using namespace std::chrono;
  const auto first_weekday = [](year y) { return weekday{sys_days{y / January / 1}}; };
  for (year y{kLastYear}; y > year{kLastYear - 28}; --y) {
    if (y.is_leap() == wanted.is_leap() && first_weekday(y) == first_weekday(wanted)) return y;
  }
  return year{kLastYear};
}

std::chrono::days beyond_database(std::chrono::local_time<Millis> local) {
  using namespace std::chrono;
  const auto wanted = year_month_day{floor<days>(local)}.year();
  if (wanted <= year{kLastYear}) return days{0};
  return sys_days{wanted / January / 1} - sys_days{year_of_same_calendar(wanted) / January / 1};
}

}  // namespace

Result<TimeZone> TimeZone::find(std::string_view name) {
  TimeZone zone;
  try {
    const auto& zones = date::get_tzdb().zones;
    const auto same = [&](const auto& known) { return known.name() == name; };
    const auto found = std::find_if(zones.begin(), zones.end(), same);
    if (found == zones.end()) {
      return fail(
          ErrorCode::validation_failed,
          fmt::format("must be the IANA name of a time zone; near names are {}", near_names(name)));
    }
    zone.zone_ = &*found;
    zone.zone_->get_info(date::sys_seconds{});  // reads the zone's file now
  } catch (const std::exception& error) {
    if (name == "UTC") return TimeZone{};
    return fail(ErrorCode::validation_failed,
                fmt::format("cannot be read from the time zone database (package tzdata): {}",
                            error.what()));
  }
  return zone;
}

Timestamp TimeZone::instant_of(std::chrono::local_time<Millis> local) const {
  if (zone_ == nullptr) return Timestamp{local.time_since_epoch()};
  const auto beyond = beyond_database(local);
  const auto known = local.time_since_epoch() - beyond;
  const auto info =
      zone_->get_info(date::local_seconds{std::chrono::floor<std::chrono::seconds>(known)});
  if (info.result == date::local_info::nonexistent) {
    return Timestamp{info.second.begin.time_since_epoch() + beyond};
  }
  return Timestamp{known + beyond - info.first.offset};
}

LocalTimeRule TimeZone::rule() const {
  if (zone_ == nullptr) return {};
  return [zone = *this](std::chrono::local_time<Millis> local) { return zone.instant_of(local); };
}

}  // namespace belfry::domain
