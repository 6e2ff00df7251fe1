#pragma once

#include <cstdint>
#include <string_view>

// What rows count for a tenant's stored bytes: their texts, and a flat share for what else a row
// takes. queries/stored.sql says the same of rows that are there; a test compares the two.
namespace belfry::store::sqlite::stored {

inline constexpr std::int64_t kTask = 200;
inline constexpr std::int64_t kSmallRow = 100;

inline std::int64_t size(std::string_view text) {
  return static_cast<std::int64_t>(text.size());
}
inline std::int64_t task(std::string_view name, std::string_view options,
                         std::string_view payload) {
  return kTask + size(name) + size(options) + size(payload);
}
inline std::int64_t outcome(std::string_view error, std::string_view result) {
  return size(error) + size(result);
}
inline std::int64_t attempt(std::string_view error) {
  return kSmallRow + size(error);
}
inline std::int64_t log_line(std::string_view line) {
  return kSmallRow + size(line);
}
inline std::int64_t key(std::string_view key, std::string_view fingerprint, std::string_view body) {
  return kSmallRow + size(key) + size(fingerprint) + size(body);
}
inline std::int64_t delivery(std::string_view url, std::string_view body) {
  return kTask + size(url) + size(body);
}
inline std::int64_t delivery_attempt(std::string_view failure, std::string_view answer) {
  return kSmallRow + size(failure) + size(answer);
}

}  // namespace belfry::store::sqlite::stored
