#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "sql.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/temporary_folder.hpp"

// Every statement against the schema, and the plans of those that must stay cheap however large
// the history grows.
namespace belfry::store::sqlite {
namespace {

constexpr std::int64_t kCache = 1024 * 1024;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

// "hot.claim" -> text, of all of queries/.
std::map<std::string, std::string> read_queries() {
  std::map<std::string, std::string> queries;
  const std::filesystem::path folder = BELFRY_SQLITE_FOLDER "/queries";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::istringstream lines(read_file(entry.path()));
    std::string name;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("-- name: ")) {
        name = entry.path().stem().string() + "." + line.substr(9);
      } else if (!name.empty() && !line.starts_with("--")) {
        queries[name] += line + "\n";
      }
    }
  }
  return queries;
}

class StatementsTest : public testing::Test {
 protected:
  StatementsTest() : db_(folder_.file(), Access::read_write, kCache) { prepare_schema(db_); }

  std::string plan(const std::string& sql) {
    auto row = db_.composed_statement("EXPLAIN QUERY PLAN " + sql);
    std::string plan;
    // Its parameters may stay unbound for a plan; the class insists on them.
    for (int i = 0; i < parameters(sql); ++i) row.bind_null();
    while (row.step()) plan.append(row.text(3)).append("\n");
    return plan;
  }
  static int parameters(const std::string& sql) {
    int highest = 0;
    for (auto at = sql.find('?'); at != std::string::npos; at = sql.find('?', at + 1)) {
      highest = std::max(highest, std::atoi(sql.c_str() + at + 1));
    }
    return highest;
  }
  // A table without an index, or rows sorted after they were found.
  static bool walks_or_sorts(const std::string& plan) {
    if (plan.find("USE TEMP B-TREE") != std::string::npos) return true;
    std::istringstream lines(plan);
    for (std::string line; std::getline(lines, line);) {
      const bool scans = line.starts_with("SCAN ") && line.find("INDEX") == std::string::npos;
      // What a recursion found so far, and the one row that it starts with.
      const bool own = line == "SCAN lanes" || line == "SCAN named" || line == "SCAN turns" ||
                       line == "SCAN CONSTANT ROW" || line.starts_with("SCAN (");
      if (scans && !own) return true;
    }
    return false;
  }

  TemporaryFolder folder_;
  Database db_;
  const std::map<std::string, std::string> queries_ = read_queries();
};

TEST_F(StatementsTest, EveryStatementFitsTheSchema) {
  int prepared = 0;
  for (const auto& [name, text] : queries_) {
    // Fragments, and statements that are completed in C++.
    if (name.starts_with("task_filters.") || text.find("{}") != std::string::npos) continue;
    if (name.starts_with("connection.")) continue;
    EXPECT_NO_THROW(db_.composed_statement(text)) << name;
    ++prepared;
  }
  EXPECT_GT(prepared, 100);
}

// Each opening of one costs more than the rest of the statement. (A turn and a refusal are rare.)
TEST_F(StatementsTest, WhatRunsForEachTaskBuildsNoTemporaryTable) {
  for (const auto& [name, text] : queries_) {
    if (!name.starts_with("hot.") || name == "hot.due_turns" || name == "hot.park") {
      continue;
    }
    auto row = db_.composed_statement("EXPLAIN " + text);
    for (int i = 0; i < parameters(text); ++i) row.bind_null();
    while (row.step()) EXPECT_NE(row.text(1), "OpenEphemeral") << name;
  }
}

TEST_F(StatementsTest, HotStatementsUseTheIndexThatIsMeantForThem) {
  const std::vector<std::pair<std::string, std::string>> wanted = {
      {"hot.ready", "INDEX live_ready (lane=? AND rank>?"},
      {"hot.candidate", "l USING INTEGER PRIMARY KEY"},
      {"hot.due", "l USING INDEX live_due (next_at<?)"},
      {"hot.next_due", "INDEX live_due"},
      {"hot.find", "b USING INTEGER PRIMARY KEY"},
      {"hot.lease", "live USING INTEGER PRIMARY KEY"},
      {"hot.end_attempt", "live USING INTEGER PRIMARY KEY"},
      {"hot.put_back", "live USING INTEGER PRIMARY KEY"},
      {"hot.park", "live USING INTEGER PRIMARY KEY"},
      {"hot.send_again", "live USING INTEGER PRIMARY KEY"},
      {"hot.remove_parked", "live USING INTEGER PRIMARY KEY"},
      {"destinations.next_parked", "l USING INDEX live_parked (parked=? AND rank>?)"},
      {"destinations.best_parked", "l USING COVERING INDEX live_parked (parked=?)"},
      {"destinations.impatient", "INDEX live_parked_patience (parked=? AND patience_ms<?)"},
      {"hot.renew", "live USING INTEGER PRIMARY KEY"},
      {"hot.remove_unfinished", "live USING INTEGER PRIMARY KEY"},
      {"hot.make_ready", "live USING INTEGER PRIMARY KEY"},
      {"hot.last_delivery", "INDEX deliveries_by_task (seq=? AND endpoint=?)"},
      {"hot.idempotency", "idempotency USING PRIMARY KEY (tenant=? AND key=?)"},
      {"scrub.next", "bodies USING INTEGER PRIMARY KEY (rowid>?)"},
      {"scrub.live_indexed", "INDEX live_ready (lane=? AND rank=? AND seq=? AND rowid=?)"},
      {"scrub.live_orphans", "l USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
      {"tasks_read.lost", "INDEX live_leases (next_at<?)"},
      {"tasks_read.next_lease_end", "INDEX live_leases"},
      {"tasks_read.overdue", "INDEX live_expiring (expires_at>? AND expires_at<?)"},
      {"tasks_read.next_expiry", "INDEX live_expiring"},
      {"tasks_read.ready_lanes", "INDEX live_ready (lane>?)"},
      {"tasks_read.upcoming", "INDEX live_upcoming (tenant=?)"},
      {"tasks_read.failures", "o USING INDEX outcomes_failed_at (tenant=? AND finished_at>?)"},
      {"tasks_read.place", "live USING INTEGER PRIMARY KEY"},
      {"tasks_read.ahead", "INDEX live_ready (lane=? AND rank<?)"},
      {"tasks_read.row", "b USING INTEGER PRIMARY KEY"},
      {"deliveries.due", "INDEX deliveries_due (next_at<?)"},
      {"deliveries.next_due", "INDEX deliveries_due"},
      {"deliveries.due_turns", "d USING INDEX deliveries_turns (tenant=?)"},
      {"deliveries.due_of_tenant", "INDEX deliveries_turns (tenant=? AND next_at<?)"},
      {"deliveries.next_set_aside", "INDEX deliveries_set_aside (set_aside=?)"},
      {"deliveries.put_off_longest", "INDEX deliveries_put_off"},
      {"hot.due_turns", "l USING INDEX live_upcoming (tenant=?)"},
      {"hot.due_of_tenant", "l USING INDEX live_upcoming (tenant=? AND next_at<?)"},
      {"deliveries.of_endpoint", "INDEX deliveries_by_endpoint (tenant=? AND endpoint=? AND no<?)"},
      {"deliveries.exhausted_of_endpoint", "INDEX deliveries_exhausted"},
      {"deliveries.open_of_endpoint", "INDEX deliveries_open"},
      {"deliveries.release_next", "INDEX deliveries_by_task (seq=? AND endpoint=?)"},
      {"endpoints.give_up_deliveries", "INDEX deliveries_open (tenant=? AND endpoint=?)"},
      {"api_keys.by_hash", "k USING INDEX sqlite_autoindex_api_keys_2 (hash=?)"},
      {"idempotency.prune_walk", "INDEX idempotency_by_age (created_at<?)"},
      {"task_runs.prune_walk", "o USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
      {"upkeep.end_push_leases", "INDEX live_leases"},
      {"upkeep.sum_leases_anew", "INDEX live_leases"},
      {"metrics.counts", "totals USING PRIMARY KEY (tenant=?)"},
      {"metrics.series", "s USING PRIMARY KEY (step=? AND tenant=? AND at>? AND at<?)"},
  };
  for (const auto& [name, what] : wanted) {
    ASSERT_TRUE(queries_.contains(name)) << name;
    EXPECT_NE(plan(queries_.at(name)).find(what), std::string::npos)
        << name << " should use " << what << " but does\n"
        << plan(queries_.at(name));
  }
}

// The scrub after each conformance test compares what they write; this names the one that forgot.
TEST_F(StatementsTest, EveryStatementThatWritesALiveRowWritesItsChecksum) {
  int writing = 0;
  for (const auto& [name, text] : queries_) {
    if (!text.contains("UPDATE live") && !text.contains("INSERT INTO live ")) continue;
    EXPECT_TRUE(text.contains("checksum")) << name;
    ++writing;
  }
  EXPECT_GT(writing, 12);
  for (const auto* table : {"bodies", "outcomes", "submitted"}) {
    for (const auto& [name, text] : queries_) {
      EXPECT_FALSE(text.contains(std::string("UPDATE ") + table)) << name << ": it has no sum anew";
    }
  }
}

TEST_F(StatementsTest, NothingWalksATableOrSortsButWhatIsMeantTo) {
  // Small or bounded tables, or once at start.
  const std::vector<std::string> meant = {
      "api_keys.forget_expired_tokens",
      "api_keys.of_tenant",
      "api_keys.revoked_tokens",
      "copies.tables",
      "copies.tasks_counted",
      "deliveries.of_task",
      "destinations.forget_other_states",
      "destinations.forget_unused",
      "endpoints.forget_removed",

      "hot.with_progress",
      "metrics.counts",
      "metrics.counts_all_tenants",
      "metrics.counts_by_tenant",
      "signing_keys.every",
      "stored.every",
      "stored.recount",
      "upkeep.move_ready_back",
      "upkeep.move_waits_back",
      "upkeep.schema",
      "upkeep.schema_objects",
      "upkeep.series_names",
      "upkeep.small_tables",
      "upkeep.sum_anew",
      "upkeep.totals",
  };
  for (const auto& [name, text] : queries_) {
    const auto group = name.substr(0, name.find('.'));
    if (group == "task_filters" || group == "task_page" || group == "connection") continue;
    if (text.find("{}") != std::string::npos || text.find("PRAGMA") != std::string::npos) continue;
    if (text.starts_with("INSERT")) continue;
    const bool is_meant = std::ranges::count(meant, name) > 0;
    EXPECT_EQ(walks_or_sorts(plan(text)), is_meant) << name << "\n" << plan(text);
  }
}

TEST_F(StatementsTest, PagesOfTasksWalkTheirIndexNewestFirstWhateverIsFiltered) {
  const std::string marker(sql::task_filters::no_filter);
  for (const auto& [name, arm] : queries_) {
    if (!name.starts_with("task_page.")) continue;
    for (const auto& [filter_name, filter] : queries_) {
      if (!filter_name.starts_with("task_filters.") || !filter.starts_with("AND")) continue;
      std::string with = "(1 " + filter + ") AS hit";
      for (auto at = with.find("values"); at != std::string::npos; at = with.find("values")) {
        with.replace(at, 6, "?5");
      }
      auto text = arm;
      text.replace(text.find(marker), marker.size(), with);
      text.append(sql::task_filters::newest_first);
      const auto found = plan(text);
      // Few rows at a time, so they are sorted (see task_page.sql).
      if (name == "task_page.running" || name == "task_page.pending" ||
          name == "task_page.parked") {
        EXPECT_EQ(found.find("SCAN b"), std::string::npos) << found;
        continue;
      }
      EXPECT_FALSE(walks_or_sorts(found)) << name << " " << filter_name << "\n" << found;
    }
  }
}

TEST_F(StatementsTest, SeveralArmsAreMergedAndNotSorted) {
  std::string text(sql::task_page::failed);
  for (const auto arm : {sql::task_page::cancelled, sql::task_page::scheduled}) {
    text.append("\n").append(sql::task_filters::also).append("\n").append(arm);
  }
  text.append("\n").append(sql::task_filters::newest_first);
  EXPECT_FALSE(walks_or_sorts(plan(text))) << plan(text);
}

// BELFRY_WRITE_SCHEMA=1 writes the file anew, after a migration was added.
TEST_F(StatementsTest, TheSchemaIsTheOneThatIsCommitted) {
  std::string dumped;
  auto row = db_.statement(sql::upkeep::schema);
  while (row.step()) dumped.append(row.text(0)).append(";\n");
  const std::string path = BELFRY_SQLITE_FOLDER "/schema.sql";
  const std::string head =
      "-- What the migrations come to; a test compares it. Written by the test itself, see "
      "there.\n";
  if (std::getenv("BELFRY_WRITE_SCHEMA") != nullptr) std::ofstream(path) << head << dumped;
  EXPECT_EQ(read_file(path), head + dumped);
}

}  // namespace
}  // namespace belfry::store::sqlite
