#include "api/task_list.hpp"

#include <fmt/format.h>

#include "api/answer.hpp"
#include "api/answer_room.hpp"
#include "api/cursor.hpp"
#include "api/task_in.hpp"
#include "api/task_out.hpp"

namespace belfry::api {
namespace {

constexpr std::size_t kFilterValuesMax = 32;
constexpr std::size_t kTextCharsMax = 256;

Result<std::vector<std::string>> values(const Query& query, std::string_view name,
                                        std::size_t chars_max) {
  auto list = query.many(name);
  if (list.size() > kFilterValuesMax) {
    return fail(query_error(name, fmt::format("at most {} values", kFilterValuesMax)));
  }
  for (const auto& value : list) {
    if (!is_short_text(value, chars_max)) {
      return fail(query_error(
          name, fmt::format("a value has at most {} characters, without U+0000", chars_max)));
    }
  }
  return list;
}

Result<std::vector<domain::Status>> statuses(const Query& query) {
  std::vector<domain::Status> list;
  for (const auto& text : query.many("status")) {
    const auto status = domain::parse_status(text);
    if (!status || *status == domain::Status::blocked) {
      return fail(
          query_error("status",
                      "must be SCHEDULED, PENDING, RUNNING, COMPLETED, FAILED, CANCELLED or "
                      "EXPIRED; several are separated by commas"));
    }
    list.push_back(*status);
  }
  return list;
}

Result<View> view_of(const Query& query) {
  const auto view = query.one("view");
  if (!view || *view == "full") return View::full;
  if (*view == "summary") return View::summary;
  return fail(query_error("view", "must be full or summary"));
}

// A page is held as rows and as text while it is written.
std::size_t page_bytes(int limit, View view) {
  constexpr std::size_t kSummaryBytes = 4 * 1024;
  constexpr std::size_t kFullBytes = domain::kPayloadBytesMax + domain::kResultBytesMax;
  const auto each = view == View::summary ? kSummaryBytes : kFullBytes;
  return 2 * std::min(static_cast<std::size_t>(limit) * each, domain::kPageBytesMax);
}

struct Page {
  store::TaskPage tasks;
  std::vector<std::optional<Waiting>> waiting;  // as many as tasks
};

std::size_t weigh(const Page& page) {
  std::size_t bytes = 0;
  for (const auto& task : page.tasks.tasks) {
    bytes += task.payload.size() + task.result.size() + task.error.size();
  }
  return 2 * bytes;
}

// The tasks that `find` gives, and why each of them waits.
boost::asio::awaitable<Result<Page>> read_page(
    const Call& call, std::size_t bytes,
    std::function<store::TaskPage(store::Snapshot&, TenantId)> find) {
  const auto tenant = call.services.directory.tenant(call.tenant());
  if (!tenant) co_return Page{};
  std::function<Page(store::Snapshot&)> read =
      [tenant, find = std::move(find),
       service = waiting_service(call.services)](store::Snapshot& snapshot) {
        Page page;
        page.tasks = find(snapshot, tenant->id);
        WaitingReasons reasons(snapshot, *tenant, service);
        for (const auto& row : page.tasks.tasks) page.waiting.push_back(reasons.of(row));
        return page;
      };
  co_return co_await read_within<Page>(call, {bytes, std::move(read), weigh});
}

// Lets go of what is large in each task as soon as it is written: both together are twice as much.
std::string array_json(Page& page, View view) {
  std::string out;
  json::Writer w(out);
  w.begin_array();
  for (std::size_t i = 0; i < page.tasks.tasks.size(); ++i) {
    auto& task = page.tasks.tasks[i];
    write_task(w, task, view, page.waiting[i]);
    task.payload = {};
    task.result = {};
  }
  w.end_array();
  return out;
}

}  // namespace

Result<store::TaskFilter> read_filter(const Query& query, const LocalTimeRule& zone) {
  store::TaskFilter filter;
  auto wanted = statuses(query);
  if (!wanted) return fail(wanted.error());
  filter.statuses = std::move(*wanted);
  const std::pair<std::string_view, std::vector<std::string>*> lists[] = {
      {"queue", &filter.queues}, {"type", &filter.names}, {"tag", &filter.tags}};
  for (const auto& [name, into] : lists) {
    auto list = values(query, name, 4 * domain::kTaskNameCharsMax);
    if (!list) return fail(list.error());
    *into = std::move(*list);
  }
  const std::pair<std::string_view, std::optional<Timestamp>*> times[] = {
      {"createdFrom", &filter.created_from},
      {"createdTo", &filter.created_to},
      {"finishedFrom", &filter.finished_from},
      {"finishedTo", &filter.finished_to}};
  for (const auto& [name, into] : times) {
    auto time = query.time(name, zone);
    if (!time) return fail(time.error());
    *into = *time;
  }
  filter.text = query.one("text").value_or("");
  if (!is_short_text(filter.text, kTextCharsMax)) {
    return fail(query_error(
        "text", fmt::format("has at most {} characters, without U+0000", kTextCharsMax)));
  }
  return filter;
}

boost::asio::awaitable<Result<http::Response>> upcoming_tasks(Call call) {
  const auto query = Query::read(call.request, {"limit"});
  if (!query) co_return fail(query.error());
  const auto limit = query->limit();
  if (!limit) co_return fail(limit.error());
  auto page = co_await read_page(call, page_bytes(*limit, View::summary),
                                 [limit = *limit](store::Snapshot& snapshot, TenantId id) {
                                   return store::TaskPage{snapshot.tasks().upcoming(id, limit), {}};
                                 });
  if (!page) co_return fail(page.error());
  co_return json_answer(200, array_json(*page, View::summary));
}

boost::asio::awaitable<Result<http::Response>> list_tasks(Call call) {
  auto query = Query::read(
      call.request,
      {"createdFrom", "createdTo", "finishedFrom", "finishedTo", "text", "view", "limit", "cursor"},
      {"status", "queue", "type", "tag"});
  if (!query) co_return fail(query.error());
  auto filter = read_filter(*query, call.services.options.local_time);
  if (!filter) co_return fail(filter.error());
  const auto limit = query->limit();
  if (!limit) co_return fail(limit.error());
  const auto view = view_of(*query);
  if (!view) co_return fail(view.error());
  const auto scope = "tasks?" + query->canonical();
  std::optional<TaskId> before;
  if (const auto cursor = query->one("cursor")) {
    const auto position = read_cursor(call.tenant(), scope, *cursor);
    if (!position) co_return fail(position.error());
    before = TaskId{*position};
  }
  auto page = co_await read_page(
      call, page_bytes(*limit, *view),
      [filter = std::move(*filter), before, limit = *limit, summary = *view == View::summary](
          store::Snapshot& snapshot, TenantId tenant) {
        return snapshot.tasks().query(tenant, filter, before, limit, summary);
      });
  if (!page) co_return fail(page.error());
  auto response = json_answer(200, array_json(*page, *view));
  if (page->tasks.next) {
    const auto cursor = make_cursor(call.tenant(), scope, page->tasks.next->uuid);
    response.headers.add("Link", next_link(call.request, cursor));
  }
  co_return response;
}

}  // namespace belfry::api
