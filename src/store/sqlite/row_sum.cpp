#include "store/sqlite/row_sum.hpp"

#include <sqlite3.h>

#include <bit>
#include <span>

#include "base/encoding.hpp"

namespace belfry::store::sqlite {

RowSum& RowSum::add_real(double value) {
  return mix(SQLITE_FLOAT, std::bit_cast<std::uint64_t>(value));
}

RowSum& RowSum::add_bytes(std::string_view bytes, std::uint64_t type) {
  return mix(type, static_cast<std::uint64_t>(bytes.size()) << 32 | crc32(bytes));
}

RowSum sum_of(const LiveRow& row) {
  RowSum sum(19);
  sum.add(row.seq).add(row.tenant).add(row.lane).add(row.status).add(row.rank).add(row.next_at);
  sum.add(row.expires_at).add(row.run).add(row.attempt).add(row.run_attempt).add(row.failures);
  sum.add(row.lease_secret).add(row.lease_kind).add(row.started_at).add_text(row.worker);
  return sum.add(row.parked).add(row.refused_at).add(row.patience_ms).add(row.resent_run);
}

RowSum sum_of(const BodyRow& row) {
  RowSum sum(11);
  sum.add(row.seq).add(row.id_low).add(row.tenant).add(row.lane).add(row.priority);
  sum.add(row.max_attempts).add(row.scheduled_for).add(row.expires_at);
  return sum.add(row.submitted_at).add_text(row.name).add_blob(row.options);
}

namespace {

void add(RowSum& sum, sqlite3_value* value) {
  switch (const int type = sqlite3_value_type(value)) {
    case SQLITE_NULL:
      sum.add_null();
      return;
    case SQLITE_INTEGER:
      sum.add(std::int64_t{sqlite3_value_int64(value)});
      return;
    case SQLITE_FLOAT:
      sum.add_real(sqlite3_value_double(value));
      return;
    default: {
      const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
      const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
      const auto all = bytes == nullptr ? std::string_view{} : std::string_view(bytes, size);
      type == SQLITE_BLOB ? sum.add_blob(all) : sum.add_text(all);
    }
  }
}

RowSum sum_of(std::span<sqlite3_value*> values) {
  RowSum sum(values.size());
  for (auto* value : values) add(sum, value);
  return sum;
}

std::span<sqlite3_value*> span_of(int count, sqlite3_value** values) {
  return {values, static_cast<std::size_t>(count)};
}

void row_sum(sqlite3_context* context, int count, sqlite3_value** values) {
  sqlite3_result_int64(context, sum_of(span_of(count, values)).value());
}

void row_fits(sqlite3_context* context, int count, sqlite3_value** values) {
  const bool fit = fits(sqlite3_value_int64(values[0]), sum_of(span_of(count, values).subspan(1)));
  sqlite3_result_int(context, fit ? 1 : 0);
}

}  // namespace

int add_row_sum(sqlite3* db) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
  const int code = sqlite3_create_function_v2(db, "row_sum", -1, kFlags, nullptr, row_sum, nullptr,
                                              nullptr, nullptr);
  if (code != SQLITE_OK) return code;
  return sqlite3_create_function_v2(db, "row_fits", -1, kFlags, nullptr, row_fits, nullptr, nullptr,
                                    nullptr);
}

}  // namespace belfry::store::sqlite
