#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

struct sqlite3;

namespace belfry::store::sqlite {

// A checksum of 31 bits over the values of a row and their types, in their order; never 0.
class RowSum {
 public:
  explicit RowSum(std::size_t values) : sum_(values) {}
  RowSum& add(std::int64_t value) { return mix(kInteger, static_cast<std::uint64_t>(value)); }
  RowSum& add(std::optional<std::int64_t> value) { return value ? add(*value) : add_null(); }
  RowSum& add_real(double value);
  RowSum& add_text(std::string_view bytes) { return add_bytes(bytes, kText); }
  RowSum& add_text(std::optional<std::string_view> bytes) {
    return bytes ? add_text(*bytes) : add_null();
  }
  RowSum& add_blob(std::string_view bytes) { return add_bytes(bytes, kBlob); }
  RowSum& add_null() { return mix(kNull, 0); }
  std::int64_t value() {
    const auto end = static_cast<std::int64_t>(mix(0, 0).sum_ >> 33);
    return end == 0 ? 1 : end;
  }

 private:
  // SQLite's numbers for the types.
  static constexpr std::uint64_t kInteger = 1, kText = 3, kBlob = 4, kNull = 5;

  RowSum& add_bytes(std::string_view bytes, std::uint64_t type);
  RowSum& mix(std::uint64_t type, std::uint64_t number) {
    // An odd factor and a shift keep any two numbers apart.
    sum_ = ((sum_ + type) ^ number) * 0x9e3779b97f4a7c15;
    sum_ ^= sum_ >> 32;
    return *this;
  }

  std::uint64_t sum_;
};

// What a stored sum tells: NULL or 0 is that of a row from before there were sums.
inline bool fits(std::int64_t stored, RowSum sum) {
  return stored == 0 || stored == sum.value();
}

// The columns that the checksum of a row of `live` covers.
struct LiveRow {
  std::int64_t seq = 0, tenant = 0, lane = 0, status = 0, rank = 0, next_at = 0;
  std::optional<std::int64_t> expires_at = {};
  std::int64_t run = 1, attempt = 0, run_attempt = 0, failures = 0;
  std::optional<std::int64_t> lease_secret = {}, lease_kind = {}, started_at = {};
  std::optional<std::string_view> worker = {};
  std::optional<std::int64_t> parked = {}, refused_at = {}, patience_ms = {}, resent_run = {};
};
RowSum sum_of(const LiveRow& row);

// Those of a row of `bodies`, all but its payload, and when `submitted` says that it was submitted.
struct BodyRow {
  std::int64_t seq = 0, id_low = 0, tenant = 0, lane = 0, priority = 0, max_attempts = 0;
  std::optional<std::int64_t> scheduled_for = {}, expires_at = {}, submitted_at = {};
  std::string_view name = {}, options = {};
};
RowSum sum_of(const BodyRow& row);

// Gives a connection the same as SQL functions, for statements that change a few columns:
// row_sum(value, ...), and row_fits(sum, value, ...), which is 1 if the values fit the sum.
// Returns SQLite's code.
int add_row_sum(sqlite3* db);

}  // namespace belfry::store::sqlite
