#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <tuple>

#include "domain/codec.hpp"
#include "store/rows.hpp"
#include "store/sqlite/batch.hpp"
#include "store/sqlite/database.hpp"

namespace belfry::store::sqlite {

inline constexpr std::int64_t kMinuteMs = 60'000;
inline constexpr std::int64_t kHourMs = 3'600'000;
inline constexpr const char* kOtherNames = "(other)";

// The stored form of a point's counts: its seven numbers in the order of SeriesPoint.
std::string encode_counts(const SeriesPoint& point);
// False for bytes that encode_counts did not make.
bool decode_counts(std::string_view bytes, SeriesPoint& point);

// Adds a batch's events to the rows of their minutes and hours, in the batch's transaction. Points
// touched lately are remembered, so that a busy minute is written and not read.
class SeriesRows {
 public:
  explicit SeriesRows(Database& db) : db_(db) {}
  // `names`: what the events' name numbers stand for.
  void write(std::span<const SeriesEvent> events, std::span<const std::string> names);
  void forget();  // after a roll-back

 private:
  using Key = std::tuple<int, std::int64_t, std::int64_t, std::int64_t, std::string>;
  void merge(const Key& key, const SeriesPoint& delta);
  SeriesPoint read(const Key& key);
  // The name that counts, once a tenant's hour has kSeriesNamesMax of them.
  std::string admitted(std::int64_t tenant_no, std::int64_t hour, const std::string& name);

  Database& db_;
  std::map<Key, SeriesPoint> recent_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::set<std::string>> names_;
};

}  // namespace belfry::store::sqlite
