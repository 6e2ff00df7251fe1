#pragma once

#include <boost/container/small_vector.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/error.hpp"
#include "json/value.hpp"

namespace belfry::json {

enum class Need { optional, required };

struct StringLimits {
  std::size_t min = 0;  // in Unicode characters
  std::size_t max = 1'024;
  Need need = Need::optional;
};
struct IntegerLimits {
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  Need need = Need::optional;
};
struct NumberLimits {
  double min = -std::numeric_limits<double>::max();
  double max = std::numeric_limits<double>::max();
  Need need = Need::optional;
};

// Reads the members of one object by name and gathers the faults with their JSON Pointers, so that
// a caller hears of the mistakes at once. A getter gives nothing if the member is absent, null or
// faulty; only the last (and an absent required one) adds a fault. Text, names and faults outlive
// it.
class FieldReader {
 public:
  // More members than any object that is read here has. Their number is looked at before they are.
  static constexpr std::size_t kMembersMax = 256;

  // `pointer` is where the object stands in the body ("" for the body itself). A value that is no
  // object, or has more members than kMembersMax, is a fault by itself; every getter then gives
  // nothing without another one.
  FieldReader(const Value& object, std::string pointer, FieldFaults& faults);

  // Faults: another type, too short or long, U+0000.
  std::optional<std::string> string(std::string_view key, StringLimits limits = {});
  std::optional<std::int64_t> integer(std::string_view key, IntegerLimits limits = {});
  std::optional<double> number(std::string_view key, NumberLimits limits = {});
  std::optional<bool> boolean(std::string_view key, Need need = Need::optional);
  // As parse_time reads it.
  std::optional<Timestamp> time(std::string_view key, const LocalTimeRule& local = {},
                                Need need = Need::optional);
  // The value's own text; the one getter that gives a null back ("null").
  std::optional<std::string_view> raw(std::string_view key, Need need = Need::optional);
  std::optional<Value> object(std::string_view key, Need need = Need::optional);
  std::optional<Value> array(std::string_view key, Need need = Need::optional);

  enum class Presence { absent, null, value };
  Presence presence(std::string_view key);

  // A fault of meaning that the caller found in a member.
  void fault(std::string_view key, std::string detail);
  std::string pointer(std::string_view key) const;

  // Call last: each member that was never asked for is a fault.
  void done();

 private:
  struct Found {
    Member member;
    bool asked = false;
  };
  // The member's value, or null; a fault if it is needed and not there.
  std::optional<Value> ask(std::string_view key, Need need);
  std::optional<Value> ask_kind(std::string_view key, Need need, Kind kind,
                                std::string_view in_words);
  std::string_view closest(std::string_view key) const;

  std::string pointer_;
  FieldFaults& faults_;
  // Most objects need no more than what stands in place.
  boost::container::small_vector<Found, 8> found_;
  boost::container::small_vector<std::string_view, 16> asked_;
  bool is_object_ = false;
};

}  // namespace belfry::json
