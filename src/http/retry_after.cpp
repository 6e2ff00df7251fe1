#include "http/retry_after.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace belfry::http {
namespace {

using std::chrono::seconds;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
// A year of two digits further ahead than this means the century before (RFC 9110 section 5.6.7).
constexpr int kYearsAheadMax = 50;

// Reads a text from its front. Once something did not fit, nothing fits any more.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  void literal(std::string_view expected) {
    if (!rest_.starts_with(expected)) return fail();
    rest_.remove_prefix(expected.size());
  }
  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (i >= rest_.size() || rest_[i] < '0' || rest_[i] > '9') {
        fail();
        return 0;
      }
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  // The place of the word among `words`, of which it gives the first `letters` (0: all of them).
  template <std::size_t N>
  int word(const std::array<std::string_view, N>& words, std::size_t letters) {
    for (std::size_t i = 0; i < N; ++i) {
      const auto given = letters == 0 ? words[i] : words[i].substr(0, letters);
      if (!rest_.starts_with(given)) continue;
      rest_.remove_prefix(given.size());
      return static_cast<int>(i);
    }
    fail();
    return 0;
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool fits() const { return good_ && rest_.empty(); }

 private:
  void fail() {
    good_ = false;
    rest_ = {};
  }
  std::string_view rest_;
  bool good_ = true;
};

struct DateTime {
  int year = 0, month = 0, day = 0;
  seconds of_day{0};
};

void read_time(Reader& in, DateTime& date) {
  const int hour = in.digits(2);
  in.literal(":");
  const int minute = in.digits(2);
  in.literal(":");
  const int second = in.digits(2);  // 60 is a leap second
  if (hour > 23 || minute > 59 || second > 60) return in.literal("\n");
  date.of_day = std::chrono::hours{hour} + std::chrono::minutes{minute} + seconds{second};
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<DateTime> imf_fixdate(std::string_view text) {
  Reader in(text);
  DateTime date;
  in.word(kDays, 3);
  in.literal(", ");
  date.day = in.digits(2);
  in.literal(" ");
  date.month = in.word(kMonths, 0) + 1;
  in.literal(" ");
  date.year = in.digits(4);
  in.literal(" ");
  read_time(in, date);
  in.literal(" GMT");
  return in.fits() ? std::optional(date) : std::nullopt;
}

// "Sunday, 06-Nov-94 08:49:37 GMT"
std::optional<DateTime> rfc850_date(std::string_view text, int this_year) {
  Reader in(text);
  DateTime date;
  in.word(kDays, 0);
  in.literal(", ");
  date.day = in.digits(2);
  in.literal("-");
  date.month = in.word(kMonths, 0) + 1;
  in.literal("-");
  date.year = this_year - this_year % 100 + in.digits(2);
  if (date.year < this_year - kYearsAheadMax) date.year += 100;
  if (date.year > this_year + kYearsAheadMax) date.year -= 100;
  in.literal(" ");
  read_time(in, date);
  in.literal(" GMT");
  return in.fits() ? std::optional(date) : std::nullopt;
}

// "Sun Nov  6 08:49:37 1994"
std::optional<DateTime> asctime_date(std::string_view text) {
  Reader in(text);
  DateTime date;
  in.word(kDays, 3);
  in.literal(" ");
  date.month = in.word(kMonths, 0) + 1;
  in.literal(" ");
  date.day = in.take(' ') ? in.digits(1) : in.digits(2);
  in.literal(" ");
  read_time(in, date);
  in.literal(" ");
  date.year = in.digits(4);
  return in.fits() ? std::optional(date) : std::nullopt;
}

std::optional<Timestamp> http_date(std::string_view text, Timestamp now) {
  namespace ch = std::chrono;
  const auto this_year = static_cast<int>(ch::year_month_day(ch::floor<ch::days>(now)).year());
  auto date = imf_fixdate(text);
  if (!date) date = rfc850_date(text, this_year);
  if (!date) date = asctime_date(text);
  if (!date) return std::nullopt;
  const ch::year_month_day day{ch::year{date->year}, ch::month{static_cast<unsigned>(date->month)},
                               ch::day{static_cast<unsigned>(date->day)}};
  if (!day.ok()) return std::nullopt;
  return Timestamp{ch::sys_days(day)} + date->of_day;
}

// "120", or "1.5" as some rate limiters have it, which means two.
std::optional<seconds> delay(std::string_view text) {
  const auto all_digits = [](std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
  };
  const auto point = std::min(text.find('.'), text.size());
  const auto whole = text.substr(0, point);
  if (!all_digits(whole)) return std::nullopt;
  const auto fraction = text.substr(std::min(point + 1, text.size()));
  if (point < text.size() && !all_digits(fraction)) return std::nullopt;
  constexpr auto kMost = std::chrono::duration_cast<seconds>(kRetryAfterMax);
  std::int64_t count = 0;
  const auto read = std::from_chars(whole.data(), whole.data() + whole.size(), count);
  if (read.ec == std::errc::result_out_of_range) return kMost;
  const bool more = fraction.find_first_not_of('0') != std::string_view::npos;
  return std::min(seconds{count}, kMost) + seconds{more ? 1 : 0};
}

}  // namespace

std::optional<Timestamp> retry_after(std::string_view value, Timestamp now) {
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  const auto wait = delay(value);
  const auto at = wait ? std::optional<Timestamp>(now + *wait) : http_date(value, now);
  if (!at) return std::nullopt;
  return std::min(*at, now + kRetryAfterMax);
}

bool heeds_retry_after(int status) {
  return status == 403 || status == 413 || status == 429 || (status >= 502 && status <= 504);
}

}  // namespace belfry::http
