#include "store/sqlite/signing_key_rows.hpp"

#include "sql.hpp"
#include "store/sqlite/columns.hpp"

namespace belfry::store::sqlite {

std::vector<SigningKeyRow> SigningKeyRows::list() {
  std::vector<SigningKeyRow> rows;
  auto s = context_.db.statement(sql::signing_keys::every);
  while (s.step()) {
    rows.push_back({.kid = string_at(s, 0),
                    .sealed_private_jwk = bytes_at(s, 1),
                    .created_at = time_at(s, 2),
                    .signs_from = time_at(s, 3),
                    .retired_at = maybe_time_at(s, 4)});
  }
  return rows;
}

}  // namespace belfry::store::sqlite
