#include "store/sqlite/database.hpp"

#include <sqlite3.h>

#include <fmt/format.h>

#include "base/check.hpp"
#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/row_sum.hpp"
#include "store/sqlite/text_functions.hpp"

namespace belfry::store::sqlite {

namespace {

constexpr std::size_t kComposedMax = 256;

// Frames of the log from which on a commit copies it into the database.
constexpr int kCheckpointFrames = 4'000;

// SQLite's own automatic checkpoint swallows its errors; a failed flush must end the process
// (PROMISES P17). A reader in the way or a full disk only leave it to the next commit.
int checkpoint(sqlite3* db, const char* name, int mode) {
  const int code = sqlite3_wal_checkpoint_v2(db, name, mode, nullptr, nullptr);
  const int kind = code & 0xff;
  const bool waits =
      kind == SQLITE_BUSY || kind == SQLITE_LOCKED || kind == SQLITE_FULL || kind == SQLITE_NOMEM;
  return waits ? SQLITE_OK : code;
}

int flags_of(Access access) {
  switch (access) {
    case Access::read_write:
    case Access::copy:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case Access::immutable:
      return SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    case Access::read_only:
      break;
  }
  return SQLITE_OPEN_READONLY;
}

std::string_view settings_of(Access access) {
  if (access == Access::read_write) return sql::connection::for_writer;
  return access == Access::copy ? sql::copies::for_copy : sql::connection::for_reader;
}

// SQLite takes this wish only in a URI.
std::string immutable_name(const std::string& path) {
  std::string name = "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      name += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    } else {
      name += c;
    }
  }
  return name + "?immutable=1";
}

sqlite3_stmt* prepare(sqlite3* db, std::string_view sql) {
  sqlite3_stmt* stmt = nullptr;
  const int code = sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &stmt, nullptr);
  if (code != SQLITE_OK) interpret_error(db, code, "preparing a statement");
  return stmt;
}

}  // namespace

void interpret_error(sqlite3* db, int code, std::string_view doing) {
  const int extended = db != nullptr ? sqlite3_extended_errcode(db) : code;
  const auto text = fmt::format("{}: {} (SQLite code {})", doing,
                                db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code),
                                (extended & 0xff) == (code & 0xff) ? extended : code);
  // The index of the log could not grow: it is a cache, so a full disk and no failed one.
  if (code == SQLITE_IOERR_SHMSIZE || extended == SQLITE_IOERR_SHMSIZE) throw Full(text);
  switch (code & 0xff) {
    case SQLITE_FULL:
      throw Full(text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
      throw Unavailable(text);
    default:
      // I/O errors and corruption, and everything that only a fault of ours can bring about: none
      // of them may be followed by an acknowledgement.
      throw Broken(text);
  }
}

Statement::~Statement() {
  if (stmt_ != nullptr) sqlite3_reset(stmt_);
}

Statement& Statement::bind(std::int64_t value) {
  CHECK(sqlite3_bind_int64(stmt_, ++bound_, value) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(std::optional<std::int64_t> value) {
  return value ? bind(*value) : bind_null();
}

Statement& Statement::bind_text(std::string_view value) {
  CHECK(sqlite3_bind_text64(stmt_, ++bound_, value.data() != nullptr ? value.data() : "",
                            value.size(), SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind_blob(std::string_view value) {
  CHECK(sqlite3_bind_blob64(stmt_, ++bound_, value.data() != nullptr ? value.data() : "",
                            value.size(), SQLITE_STATIC) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind_null() {
  CHECK(sqlite3_bind_null(stmt_, ++bound_) == SQLITE_OK);
  return *this;
}

void Statement::rebind() {
  sqlite3_reset(stmt_);
  bound_ = 0;
}

bool Statement::step() {
  // A statement is kept with its last bindings: one that was forgotten would read stale memory.
  CHECK(bound_ == sqlite3_bind_parameter_count(stmt_));
  const int code = sqlite3_step(stmt_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  interpret_error(sqlite3_db_handle(stmt_), code, "running a statement");
}

void Statement::run() {
  while (step()) {
  }
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(stmt_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(stmt_, column);
}

std::optional<std::int64_t> Statement::maybe_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(stmt_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column))};
}

std::string_view Statement::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(stmt_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column))};
}

Database::Database(const std::string& path, Access access, std::int64_t cache_bytes,
                   const std::string& vfs) {
  const auto name = access == Access::immutable ? immutable_name(path) : path;
  const int code = sqlite3_open_v2(name.c_str(), &db_,
                                   flags_of(access) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                   vfs.empty() ? nullptr : vfs.c_str());
  try {
    if (code != SQLITE_OK) interpret_error(db_, code, fmt::format("opening {}", path));
    execute(fmt::format(fmt::runtime(sql::connection::cache_kib), cache_bytes / 1024));
    execute(settings_of(access));
    if (const int added = add_text_functions(db_); added != SQLITE_OK) {
      interpret_error(db_, added, "adding the functions that compare text");
    }
    if (const int added = add_row_sum(db_); added != SQLITE_OK) {
      interpret_error(db_, added, "adding the functions of checksums");
    }
    if (access == Access::read_write) sqlite3_wal_hook(db_, after_commit, this);
  } catch (...) {
    sqlite3_close_v2(db_);
    throw;
  }
}

Database::~Database() {
  for (const auto& [text, stmt] : kept_) sqlite3_finalize(stmt);
  for (const auto& [text, stmt] : composed_) sqlite3_finalize(stmt);
  sqlite3_close_v2(db_);
}

Statement Database::statement(std::string_view sql) {
  auto& stmt = kept_[sql.data()];
  if (stmt == nullptr) stmt = prepare(db_, sql);
  CHECK(sqlite3_stmt_busy(stmt) == 0);
  return Statement(stmt);
}

Statement Database::composed_statement(const std::string& sql) {
  if (!composed_.contains(sql) && composed_.size() >= kComposedMax) {
    for (auto it = composed_.begin(); it != composed_.end();) {
      if (sqlite3_stmt_busy(it->second) != 0) {
        ++it;
        continue;
      }
      sqlite3_finalize(it->second);
      it = composed_.erase(it);
    }
  }
  auto& stmt = composed_[sql];
  if (stmt == nullptr) stmt = prepare(db_, sql);
  CHECK(sqlite3_stmt_busy(stmt) == 0);
  return Statement(stmt);
}

void Database::execute(std::string_view sql) {
  const char* rest = sql.data();
  const char* const end = sql.data() + sql.size();
  while (rest < end) {
    sqlite3_stmt* stmt = nullptr;
    const int code = sqlite3_prepare_v3(db_, rest, static_cast<int>(end - rest), 0, &stmt, &rest);
    if (code != SQLITE_OK) interpret_error(db_, code, "preparing a statement");
    if (stmt == nullptr) continue;  // a comment, or white space
    int stepped = sqlite3_step(stmt);
    while (stepped == SQLITE_ROW) stepped = sqlite3_step(stmt);
    const int finalized = sqlite3_finalize(stmt);
    if (stepped != SQLITE_DONE) interpret_error(db_, finalized, "running a statement");
  }
}

int Database::after_commit(void* self, sqlite3* db, const char* name, int frames) {
  static_cast<Database*>(self)->log_frames_ = frames;
  return frames < kCheckpointFrames ? SQLITE_OK : checkpoint(db, name, SQLITE_CHECKPOINT_PASSIVE);
}

void Database::empty_log() {
  const int code = checkpoint(db_, nullptr, SQLITE_CHECKPOINT_TRUNCATE);
  if (code != SQLITE_OK) interpret_error(db_, code, "emptying the log");
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(db_);
}

std::int64_t Database::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(db_);
}

}  // namespace belfry::store::sqlite
