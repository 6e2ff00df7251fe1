#include "store/sqlite/signing_key_edits.hpp"

#include "sql.hpp"
#include "store/sqlite/columns.hpp"

namespace belfry::store::sqlite {

void SigningKeyEdits::insert(const SigningKeyRow& key) {
  auto s = context_.db.statement(sql::signing_keys::add);
  s.bind_text(key.kid).bind_blob(key.sealed_private_jwk).bind(to_ms(key.created_at));
  s.bind(to_ms(key.signs_from)).bind(maybe_ms(key.retired_at)).run();
}

void SigningKeyEdits::retire(const std::string& kid, Timestamp at) {
  context_.db.statement(sql::signing_keys::retire).bind_text(kid).bind(to_ms(at)).run();
}

void SigningKeyEdits::remove(const std::string& kid) {
  context_.db.statement(sql::signing_keys::remove).bind_text(kid).run();
}

}  // namespace belfry::store::sqlite
