#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "store/sqlite/context.hpp"

// How ids and times lie in columns.
namespace belfry::store::sqlite {

// NULL reads as the empty id.
template <class I>
I id_at(const Statement& row, int column) {
  return row.is_null(column) ? I{} : I{uuid_from(row.blob(column))};
}

inline std::int64_t seq_of(TaskId id) {
  return seq_of(id.uuid);
}
inline std::int64_t low_of(TaskId id) {
  return low_of(id.uuid);
}
// False for an id that cannot be a task's, though its `seq` may be that of one.
inline bool is_task_id(TaskId id) {
  return expand_high(seq_of(id)) == id.uuid.high;
}

inline Timestamp time_at(const Statement& row, int column) {
  return from_ms(row.integer(column));
}
inline std::optional<Timestamp> maybe_time_at(const Statement& row, int column) {
  const auto ms = row.maybe_integer(column);
  return ms ? std::optional(from_ms(*ms)) : std::nullopt;
}
inline std::optional<std::int64_t> maybe_ms(const std::optional<Timestamp>& time) {
  return time ? std::optional(to_ms(*time)) : std::nullopt;
}
// A damaged number reads as a status that can be ended.
inline domain::Status status_at(const Statement& row, int column) {
  const auto number = row.integer(column);
  const bool known = number >= 0 && number < domain::kStatusCount;
  return known ? static_cast<domain::Status>(number) : domain::Status::pending;
}
inline std::string string_at(const Statement& row, int column) {
  return std::string(row.text(column));
}
inline std::string bytes_at(const Statement& row, int column) {
  return std::string(row.blob(column));
}
inline int int_at(const Statement& row, int column) {
  return static_cast<int>(row.integer(column));
}

}  // namespace belfry::store::sqlite
