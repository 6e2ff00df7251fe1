#include "store/sqlite/schema.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "sql.hpp"
#include "store/failure.hpp"

namespace belfry::store::sqlite {
namespace {

constexpr std::int64_t kApplicationId = 1'112'295'001;

std::int64_t ask(Database& db, std::string_view sql) {
  auto row = db.statement(sql);
  return row.step() ? row.integer(0) : 0;
}

void check_owner(Database& db) {
  const auto owner = ask(db, sql::upkeep::application_id);
  if (owner == kApplicationId) return;
  if (owner == 0 && ask(db, sql::upkeep::schema_objects) == 0) return;  // a fresh file
  throw std::runtime_error("the file is an SQLite database of another application, not Belfry's");
}

void check_age(Database& db, std::int64_t version) {
  const auto newest = static_cast<std::int64_t>(sql::migrations().size());
  if (version <= newest) return;
  auto row = db.statement(sql::upkeep::meta);
  row.bind_text("oldest_binary");
  const auto oldest = row.step() ? row.integer(0) : version;
  if (oldest <= newest) return;
  throw std::runtime_error(fmt::format(
      "the store has schema {}, which needs a binary of schema {} or newer; this one knows {}: "
      "start a newer belfry-scheduler",
      version, oldest, newest));
}

void migrate(Database& db, std::int64_t version) {
  for (const auto& step : sql::migrations()) {
    if (step.number <= version) continue;
    db.execute(sql::connection::begin_write);
    try {
      db.execute(step.text);
      db.execute(sql::upkeep::set_application_id);
      db.execute(fmt::format(fmt::runtime(sql::upkeep::set_user_version), step.number));
      db.execute(sql::connection::commit);
    } catch (...) {
      db.execute(sql::connection::roll_back);
      throw;
    }
    log().info("store migrated step={} title={}", step.number, step.title);
  }
}

void check_small_tables(Database& db) {
  std::vector<std::string> tables;
  {
    auto row = db.statement(sql::upkeep::small_tables);
    while (row.step()) tables.emplace_back(row.text(0));
  }
  for (const auto& table : tables) {
    auto row = db.composed_statement(fmt::format(fmt::runtime(sql::upkeep::check_table), table));
    if (row.step() && row.text(0) != "ok") {
      throw std::runtime_error(fmt::format(
          "the table {} is damaged ({}); restore a backup: move the whole folder away and run: "
          "belfry-scheduler restore BACKUP --data FOLDER, with its old name",
          table, row.text(0)));
    }
  }
}

}  // namespace

void check_everything(Database& db) {
  auto row = db.statement(sql::upkeep::check_whole_file);
  if (row.step() && row.text(0) != "ok") {
    throw std::runtime_error(fmt::format("the file is damaged ({})", row.text(0)));
  }
}

void require_owner(Database& db) {
  if (ask(db, sql::upkeep::application_id) == kApplicationId) return;
  throw std::runtime_error("the file is no store of Belfry");
}

void prepare_schema(Database& db) {
  check_owner(db);
  const auto version = ask(db, sql::upkeep::user_version);
  check_age(db, version);
  migrate(db, version);
  check_small_tables(db);
}

}  // namespace belfry::store::sqlite
