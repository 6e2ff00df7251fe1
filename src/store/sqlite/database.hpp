#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace belfry::store::sqlite {

// A prepared statement in use: bind in order, step, read columns in order. Resets when destroyed.
// Blobs and texts read are valid until the next step. Errors are thrown as store::Failure by
// interpret_error (the one place that knows SQLite's codes).
class Statement {
 public:
  explicit Statement(sqlite3_stmt* stmt) : stmt_(stmt) {}
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement(Statement&& other) noexcept
      : stmt_(std::exchange(other.stmt_, nullptr)), bound_(other.bound_) {}

  Statement& bind(std::int64_t value);
  Statement& bind(int value) { return bind(static_cast<std::int64_t>(value)); }
  Statement& bind(std::optional<std::int64_t> value);  // absent: NULL
  Statement& bind_text(std::string_view value);        // must outlive the step
  Statement& bind_blob(std::string_view value);
  Statement& bind_null();
  void rebind();  // start again with the same statement

  bool step();  // true: a row
  void run();   // to the end, rows ignored

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::optional<std::int64_t> maybe_integer(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;

 private:
  sqlite3_stmt* stmt_;
  int bound_ = 0;
};

enum class Access {
  read_write,
  read_only,
  immutable,  // a file that nobody changes: neither locks nor files beside it
  copy,       // a new file that a copy goes into
};

// One connection. Statements are prepared once per SQL text (by its address: constants of sql::)
// and kept. Not thread-safe: one thread at a time.
class Database {
 public:
  Database(const std::string& path, Access access, std::int64_t cache_bytes,
           const std::string& vfs = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Statement statement(std::string_view sql);             // kept; `sql` must be a constant
  Statement composed_statement(const std::string& sql);  // kept by text in a bounded cache
  void execute(std::string_view sql);  // one or more statements without parameters
  std::int64_t changes() const;
  std::int64_t last_insert_rowid() const;
  // Of the log, as of the last commit of this connection. A frame holds a page.
  std::int64_t log_frames() const { return log_frames_; }
  // Copies the log into the database and cuts it to nothing; not while anybody reads. Throws
  // Broken.
  void empty_log();
  sqlite3* handle() { return db_; }

 private:
  static int after_commit(void* self, sqlite3* db, const char* name, int frames);

  sqlite3* db_ = nullptr;
  std::int64_t log_frames_ = 0;
  std::unordered_map<const char*, sqlite3_stmt*> kept_;
  std::unordered_map<std::string, sqlite3_stmt*> composed_;
};

// Throws the store::Failure that an SQLite result code means.
[[noreturn]] void interpret_error(sqlite3* db, int code, std::string_view doing);

}  // namespace belfry::store::sqlite
