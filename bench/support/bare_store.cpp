#include "bare_store.hpp"

#include <cstdlib>
#include <string>

#include "sql.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace belfry::bench {

namespace sql = store::sqlite::sql;

const std::string& payload_200() {
  static const std::string payload = R"({"data":")" + std::string(189, 'x') + R"("})";
  return payload;
}

BareStore::BareStore(const std::filesystem::path& path) {
  store::sqlite::open({.path = path});  // makes the tables, and is closed again
  db_ = std::make_unique<store::sqlite::Database>(path, store::sqlite::Access::read_write,
                                                  64 * 1024 * 1024);
}

void BareStore::submit(int count) {
  db_->statement(sql::connection::begin_write).run();
  for (int i = 0; i < count; ++i) insert();
  db_->statement(sql::connection::commit).run();
}

void BareStore::insert() {
  const auto seq = seq_++;
  auto body = db_->statement(sql::hot::add_body);
  body.bind(seq).bind(7).bind(1).bind(6).bind_text("noop").bind(5).bind(3).bind_null();
  body.bind_null().bind(12345678).bind_blob("\x01\x01\x01").bind_text(payload_200()).run();
  auto live = db_->statement(sql::hot::add_live);
  live.bind(seq).bind(1).bind(6).bind(2).bind(seq).bind(seq >> 12).bind_null().bind(0).run();
}

std::vector<std::int64_t> BareStore::claim(int count) {
  std::vector<std::int64_t> seqs;
  db_->statement(sql::connection::begin_write).run();
  {
    auto row = db_->statement(sql::hot::ready);
    row.bind(6).bind(0).bind(0).bind(count);
    while (row.step()) seqs.push_back(row.integer(1));
  }
  for (const auto seq : seqs) {
    {
      auto row = db_->statement(sql::hot::candidate);
      row.bind(seq);
      if (!row.step()) std::abort();
      bytes_ += row.text(13).size();
    }
    auto lease = db_->statement(sql::hot::lease);
    lease.bind(seq).bind(0x1234567890abcdef).bind(2).bind(seq >> 12).bind(seq >> 12).bind_null();
    lease.bind(0).run();
  }
  db_->statement(sql::connection::commit).run();
  return seqs;
}

void BareStore::end(const std::vector<std::int64_t>& claimed) {
  db_->statement(sql::connection::begin_write).run();
  for (const auto seq : claimed) {
    db_->statement(sql::hot::end_attempt).bind(seq).bind(1).bind(1).bind(0x1234567890abcdef).run();
    auto outcome = db_->statement(sql::hot::add_outcome);
    outcome.bind(seq).bind(1).bind(4).bind(seq >> 12).bind(seq >> 12).bind(1).bind(1).bind(1);
    outcome.bind(0).bind(0x1234567890abcdef).bind(0).bind_null().bind_null().bind_null();
    outcome.bind(0x12345678).run();
  }
  db_->statement(sql::connection::commit).run();
}

}  // namespace belfry::bench
