#include "store/sqlite/queue_rows.hpp"

#include <algorithm>

#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/totals.hpp"

namespace belfry::store::sqlite {

namespace {

// Rows of a lane among which the oldest is looked for.
constexpr int kOldestRowsMax = 64;

}  // namespace

domain::Queue queue_from(const Statement& row) {
  domain::Queue queue;
  queue.no = QueueNo{row.integer(0)};
  queue.tenant = id_at<TenantId>(row, 1);
  queue.name = string_at(row, 2);
  queue.created_at = time_at(row, 3);
  auto& settings = queue.settings;
  settings.paused = row.integer(4) != 0;
  settings.pause_reason = string_at(row, 5);
  if (!row.is_null(6)) settings.concurrency_limit = int_at(row, 6);
  const auto target = domain::decode_target(row.blob(7));
  const auto retry = domain::decode_retry(row.blob(8));
  if (!target || !retry) throw Broken("a queue's settings cannot be read");
  settings.default_target = *target;
  settings.retry = *retry;
  if (!row.is_null(9)) settings.timeout = Millis{row.integer(9)};
  settings.aging = Millis{row.integer(10)};
  return queue;
}

std::optional<Timestamp> QueueRows::oldest_ready(domain::QueueNo queue) {
  std::optional<Timestamp> oldest;
  for (const auto lane :
       {domain::Lane::by_queue_default, domain::Lane::push, domain::Lane::worker}) {
    for (const auto sql : {sql::queues::oldest_ready, sql::queues::oldest_parked}) {
      auto s = context_.db.statement(sql);
      s.bind(lane_key(queue, lane)).bind(kOldestRowsMax);
      if (!s.step() || s.is_null(0)) continue;
      const auto found = time_at(s, 0);
      oldest = oldest ? std::min(*oldest, found) : found;
    }
  }
  return oldest;
}

void QueueRows::add_depth(std::int64_t tenant_no, QueueRow& row) {
  const auto depth = queue_totals(context_, tenant_no, row.queue.no);
  row.scheduled = depth[domain::Status::scheduled];
  row.pending = depth[domain::Status::pending];
  row.running = depth[domain::Status::running];
  if (row.pending > 0) row.oldest_ready_at = oldest_ready(row.queue.no);
}

std::optional<QueueRow> QueueRows::find(TenantId tenant, const std::string& name) {
  const auto no = context_.numbers.tenant_no(tenant);
  if (!no) return std::nullopt;
  auto s = context_.db.statement(sql::queues::find);
  s.bind(*no).bind_text(name);
  if (!s.step()) return std::nullopt;
  QueueRow row;
  row.queue = queue_from(s);
  add_depth(*no, row);
  return row;
}

std::vector<QueueRow> QueueRows::list(TenantId tenant) {
  std::vector<QueueRow> rows;
  for (auto& queue : settings(tenant)) rows.emplace_back().queue = std::move(queue);
  const auto no = context_.numbers.tenant_no(tenant);
  for (auto& row : rows) add_depth(*no, row);
  return rows;
}

std::vector<domain::Queue> QueueRows::settings(TenantId tenant) {
  std::vector<domain::Queue> queues;
  const auto no = context_.numbers.tenant_no(tenant);
  if (!no) return queues;
  auto s = context_.db.statement(sql::queues::of_tenant);
  s.bind(*no);
  while (s.step()) queues.push_back(queue_from(s));
  return queues;
}

}  // namespace belfry::store::sqlite
