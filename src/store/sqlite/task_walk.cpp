#include "store/sqlite/task_walk.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <variant>

#include "base/check.hpp"
#include "domain/limits.hpp"
#include "domain/text_match.hpp"
#include "sql.hpp"
#include "store/failure.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/id_bounds.hpp"
#include "store/sqlite/totals.hpp"

namespace belfry::store::sqlite {

namespace {

using domain::Status;

// Up to so many rows are sorted rather than looked for along the list of all unfinished tasks.
constexpr std::int64_t kSortedRowsMax = 5'000;

struct SeqRange {
  std::int64_t from = 0;
  std::int64_t to = std::numeric_limits<std::int64_t>::max();
};

// Which rows are walked, and whether their status is still to be looked at.
struct Route {
  std::vector<std::string_view> arms;
  std::string_view status_filter;  // empty: the arms hold nothing else
  std::vector<Status> statuses;
};

std::string_view arm_of(Status status) {
  switch (status) {
    case Status::scheduled:
      return sql::task_page::scheduled;
    case Status::pending:
      return sql::task_page::pending;
    case Status::running:
      return sql::task_page::running;
    case Status::failed:
      return sql::task_page::failed;
    case Status::cancelled:
      return sql::task_page::cancelled;
    case Status::expired:
      return sql::task_page::expired;
    default:
      return {};
  }
}

bool walks_alone(Status status, const StatusCounts& counts) {
  switch (status) {
    case Status::blocked:
    case Status::completed:
      return false;
    case Status::pending:
    case Status::running:
      return counts[status] <= kSortedRowsMax;
    default:
      return true;
  }
}

Route choose(const std::vector<Status>& asked, const StatusCounts& counts) {
  Route route;
  bool all = true;
  for (int i = 0; i < domain::kStatusCount; ++i) {
    const auto status = static_cast<Status>(i);
    if (counts[status] == 0) continue;
    const bool wanted = asked.empty() || std::ranges::count(asked, status) > 0;
    if (wanted) route.statuses.push_back(status);
    all = all && wanted;
  }
  if (route.statuses.empty()) return route;
  const auto& wanted = route.statuses;
  const auto is_finished = [](Status status) { return domain::is_terminal(status); };
  const bool unfinished = std::ranges::none_of(wanted, is_finished);
  const bool finished = std::ranges::all_of(wanted, is_finished);
  if (all) {
    route.arms.push_back(sql::task_page::every_task);
  } else if (std::ranges::all_of(wanted, [&](Status s) { return walks_alone(s, counts); })) {
    for (const auto status : wanted) {
      route.arms.push_back(arm_of(status));
      if (status == Status::pending) route.arms.push_back(sql::task_page::parked);
    }
  } else if (unfinished) {
    route.arms.push_back(sql::task_page::unfinished);
    route.status_filter = sql::task_filters::status_unfinished;
  } else {
    route.arms.push_back(sql::task_page::every_task);
    route.status_filter =
        finished ? sql::task_filters::status_finished : sql::task_filters::status_any;
  }
  return route;
}

// Puts fragments together and keeps the values in the order of their parameters.
class Filter {
 public:
  void numbers(std::string_view fragment, const std::vector<std::int64_t>& values) {
    std::string list;
    for (const auto value : values) append(list, value);
    add(fragment, list);
  }
  void texts(std::string_view fragment, const std::vector<std::string>& values) {
    std::string list;
    for (const auto& value : values) append(list, value);
    add(fragment, list);
  }
  void select_options() { options_ = sql::task_filters::with_options; }

  std::string statement(const std::vector<std::string_view>& arms) const {
    std::string hit(sql::task_filters::hit_begin);
    hit += conditions_;
    hit += sql::task_filters::hit_end;
    std::string whole;
    for (const auto arm : arms) {
      if (!whole.empty()) whole.append("\n").append(sql::task_filters::also).append("\n");
      std::string text(arm);
      replace(text, sql::task_filters::no_filter, hit);
      replace(text, sql::task_filters::no_options, options_);
      whole += text;
    }
    return whole.append("\n").append(sql::task_filters::newest_first);
  }

  void bind(Statement& statement) const {
    for (const auto& value : values_) {
      if (const auto* number = std::get_if<std::int64_t>(&value)) {
        statement.bind(*number);
      } else {
        statement.bind_text(std::get<std::string>(value));
      }
    }
  }

 private:
  using Value = std::variant<std::int64_t, std::string>;

  void append(std::string& list, Value value) {
    values_.push_back(std::move(value));
    if (!list.empty()) list += ", ";
    list += '?';
    list += std::to_string(kFixedParameters + values_.size());
  }
  void add(std::string_view fragment, std::string_view list) {
    std::string text(fragment);
    constexpr std::string_view kMark = "values";
    for (auto at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at)) {
      text.replace(at, kMark.size(), list);
    }
    conditions_.append(" ").append(text);
  }
  static void replace(std::string& text, std::string_view what, std::string_view with) {
    const auto at = text.find(what);
    CHECK(at != std::string::npos);
    text.replace(at, what.size(), with);
  }

  static constexpr std::size_t kFixedParameters = 4;
  std::string conditions_;
  std::string_view options_ = sql::task_filters::no_options;
  std::vector<Value> values_;
};

// What the times allow; the rows in it are still to be looked at. A task cannot finish before it
// was created.
SeqRange range_of(const Context& context, const TaskFilter& filter, std::optional<TaskId> before) {
  SeqRange range;
  if (filter.created_from) range.from = seq_from(*filter.created_from);
  for (const auto& end : {filter.created_to, filter.finished_to}) {
    if (end) range.to = std::min(range.to, seq_to(context, *end));
  }
  if (before) range.to = std::min(range.to, seq_of(*before));
  return range;
}

bool may_be_in_id(std::string_view text) {
  return text.size() <= 36 && text.find_first_not_of("0123456789abcdef-") == text.npos;
}

// False: nothing can match.
bool compose(const Context& context, std::int64_t tenant_no, const TaskFilter& filter,
             const Route& route, Filter& out) {
  if (!route.status_filter.empty()) {
    std::vector<std::int64_t> numbers;
    for (const auto status : route.statuses) numbers.push_back(static_cast<int>(status));
    out.numbers(route.status_filter, numbers);
  }
  if (!filter.queues.empty()) {
    std::vector<std::int64_t> numbers;
    for (const auto& name : filter.queues) {
      if (const auto no = context.numbers.queue_no(tenant_no, name)) numbers.push_back(no->value);
    }
    if (numbers.empty()) return false;
    out.numbers(sql::task_filters::queue, numbers);
  }
  if (!filter.names.empty()) out.texts(sql::task_filters::task_name, filter.names);
  if (filter.created_from) {
    out.numbers(sql::task_filters::created_from, {to_ms(*filter.created_from)});
  }
  if (filter.created_to) {
    out.numbers(sql::task_filters::created_to, {to_ms(*filter.created_to)});
  }
  if (filter.finished_from) {
    out.numbers(sql::task_filters::finished_from, {to_ms(*filter.finished_from)});
  }
  if (filter.finished_to) {
    out.numbers(sql::task_filters::finished_to, {to_ms(*filter.finished_to)});
  }
  if (!filter.text.empty()) {
    const auto text = domain::fold_case(filter.text);
    out.texts(may_be_in_id(text) ? sql::task_filters::text_or_id : sql::task_filters::text, {text});
  }
  if (!filter.tags.empty()) out.select_options();
  return true;
}

bool has_any_tag(std::string_view options, const std::vector<std::string>& tags) {
  const auto decoded = domain::decode_options(options);
  if (!decoded) return false;  // a read of the task itself reports it
  return std::ranges::any_of(
      tags, [&](const std::string& tag) { return std::ranges::count(decoded->tags, tag) > 0; });
}

}  // namespace

TaskWalk walk_tasks(const Context& context, TenantId tenant, const TaskFilter& filter,
                    std::optional<TaskId> before, int limit) {
  TaskWalk walk;
  const auto tenant_no = context.numbers.tenant_no(tenant);
  const auto range = range_of(context, filter, before);
  if (!tenant_no || limit <= 0 || range.from >= range.to) return walk;
  const auto route = choose(filter.statuses, tenant_totals(context, *tenant_no));
  Filter conditions;
  if (route.arms.empty() || !compose(context, *tenant_no, filter, route, conditions)) return walk;

  auto s = context.db.composed_statement(conditions.statement(route.arms));
  s.bind(*tenant_no).bind(range.from).bind(range.to).bind(domain::kScanRowsMax);
  conditions.bind(s);
  std::int64_t last = 0;
  int looked_at = 0;
  while (s.step()) {
    ++looked_at;
    const bool hit = !s.is_null(1) && s.integer(1) != 0 &&
                     (filter.tags.empty() || has_any_tag(s.blob(2), filter.tags));
    if (hit && walk.seqs.size() == static_cast<std::size_t>(limit)) {
      // One more than asked for: the next page has something.
      walk.last_looked_at = last;
      return walk;
    }
    last = s.integer(0);
    if (hit) walk.seqs.push_back(last);
  }
  if (looked_at == domain::kScanRowsMax) walk.last_looked_at = last;
  return walk;
}

}  // namespace belfry::store::sqlite
