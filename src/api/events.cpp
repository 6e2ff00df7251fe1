// GET /api/v1/events: a tenant's live events as server-sent events, resumable.
#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "api/access.hpp"
#include "api/app.hpp"
#include "api/body.hpp"
#include "api/metrics_json.hpp"
#include "async/wake_up.hpp"
#include "http/sse.hpp"
#include "json/writer.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;

// A stream whose reader takes nothing holds the text of so many.
constexpr std::size_t kItemsAtOnce = 16;
constexpr Millis kKeepAlive{15'000};
constexpr Millis kBetweenTotals{250};

std::string_view event_name(const store::TaskChange& change) {
  using domain::Status;
  if (!change.from) return "task.submitted";
  switch (change.to) {
    case Status::running:
      return "task.started";
    case Status::completed:
      return "task.completed";
    case Status::failed:
      return "task.failed";
    case Status::cancelled:
      return "task.cancelled";
    case Status::expired:
      return "task.expired";
    case Status::scheduled:
      return change.from == Status::running ? "task.retrying" : "task.scheduled";
    default:
      return "task.ready";
  }
}

std::string change_json(const store::TaskChange& change, const store::Directory& directory) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("taskId").string(to_string(change.id));
  w.key("status").string(name(change.to));
  w.key("queue");
  if (const auto queue = directory.queue(change.queue)) {
    w.string(queue->name);
  } else {
    w.null();
  }
  w.key("attempt").number(static_cast<int>(change.attempt));
  w.key("at").time(change.at);
  w.end_object();
  return out;
}

struct Topics {
  bool tasks = true;
  bool totals = false;
};

Result<Topics> read_topics(const http::Request& request) {
  const auto query = Query::read(request, {}, {"topics"});
  if (!query) return fail(query.error());
  const auto named = query->many("topics");
  if (named.empty()) return Topics{};
  Topics topics{false, false};
  for (const auto& topic : named) {
    if (topic == "tasks") {
      topics.tasks = true;
    } else if (topic == "totals") {
      topics.totals = true;
    } else {
      return fail(query_error("topics", "takes tasks, totals, or both"));
    }
  }
  return topics;
}

// Lives in the connection's coroutine; everything it refers to outlives the server.
class EventStream {
 public:
  EventStream(const Call& call, Topics topics, LongCalls::Place place)
      : services_(call.services),
        place_(std::move(place)),
        admission_(call),
        tenant_(call.tenant()),
        topics_(topics) {
    if (const auto id = call.request.headers.get("Last-Event-ID")) last_event_id_ = *id;
  }

  asio::awaitable<void> run(http::StreamWriter& writer) {
    const auto wake = std::make_shared<async::WakeUp>(co_await asio::this_coro::executor);
    const auto subscription = services_.feed.subscribe(tenant_, [wake] { wake->notify(); });
    auto batch = services_.feed.start(tenant_, last_event_id_);
    last_event_id_.reset();
    if (!co_await writer.write("retry: 2000\n\n")) co_return;
    if (!co_await send(writer, batch)) co_return;
    while (admission_.check()) {
      // Before the first wait, too: what a resumed listener missed is told at once.
      co_await writer.turn();
      if (topics_.tasks) {
        batch = services_.feed.take(tenant_, batch.position, kItemsAtOnce);
        const bool more = batch.items.size() == kItemsAtOnce;
        if (!co_await send(writer, batch)) co_return;
        if (more) continue;
      }
      const auto totals_in = totals_due();
      if (totals_in == Millis{0} && !co_await send_totals(writer)) co_return;
      const bool put_off = totals_in && *totals_in > Millis{0};
      const auto reason = co_await wake->wait(put_off ? *totals_in : idle_time(), services_.stop);
      if (reason == async::WakeUp::Reason::stopped) co_return;
      if (reason == async::WakeUp::Reason::notified) totals_changed_ = true;
      if (reason == async::WakeUp::Reason::timed_out && !put_off &&
          !co_await writer.write(http::sse_comment("keep-alive"))) {
        co_return;
      }
      // Totals alone need no look at each change.
      if (!topics_.tasks && reason == async::WakeUp::Reason::notified &&
          !co_await async::sleep_for(totals_due().value_or(Millis{0}), services_.stop)) {
        co_return;
      }
    }
  }

 private:
  asio::awaitable<bool> send(http::StreamWriter& writer, store::EventFeed::Batch& batch) {
    if (!topics_.tasks) co_return true;
    std::string text;
    if (batch.reset) {
      text += http::sse_event(services_.feed.event_id(batch.position), "reset",
                              R"({"detail":"events were missed; read the list again"})");
    }
    for (const auto& item : batch.items) {
      text += http::sse_event(services_.feed.event_id(item.number), event_name(item.change),
                              change_json(item.change, services_.directory));
    }
    batch.items = {};
    if (text.empty()) co_return true;
    co_return co_await writer.write(std::move(text));
  }

  // Until the next keep-alive, or the end of the caller's token.
  Millis idle_time() const {
    const auto left = std::chrono::ceil<Millis>(admission_.ends() - services_.clock.now());
    return std::clamp(left, Millis{1}, kKeepAlive);
  }

  // When the totals may be told again: at once, in a while, or (nothing) when something changes.
  std::optional<Millis> totals_due() const {
    if (!topics_.totals || !totals_changed_) return std::nullopt;
    if (!totals_at_) return Millis{0};
    const auto since = std::chrono::floor<Millis>(services_.clock.steady_now() - *totals_at_);
    return std::max(Millis{0}, kBetweenTotals - since);
  }

  asio::awaitable<bool> send_totals(http::StreamWriter& writer) {
    totals_changed_ = false;
    totals_at_ = services_.clock.steady_now();
    std::function<store::StatusCounts(store::Snapshot&)> read =
        [tenant = tenant_](store::Snapshot& snapshot) { return snapshot.metrics().counts(tenant); };
    const auto counts = co_await services_.gateway.read<store::StatusCounts>(std::move(read));
    if (!counts) co_return true;
    auto text = counts_json(*counts);
    if (text == told_totals_) co_return true;
    told_totals_ = text;
    co_return co_await writer.write(http::sse_event("", "totals", text));
  }

  const Services& services_;
  LongCalls::Place place_;
  Admission admission_;
  TenantId tenant_;
  Topics topics_;
  std::optional<std::string> last_event_id_;
  std::optional<std::chrono::steady_clock::time_point> totals_at_;
  std::string told_totals_;
  bool totals_changed_ = true;
};

asio::awaitable<void> run_stream(std::shared_ptr<EventStream> stream, http::StreamWriter& writer) {
  co_await stream->run(writer);
}

asio::awaitable<Result<http::Response>> events(Call call) {
  const auto topics = read_topics(call.request);
  if (!topics) co_return fail(topics.error());
  auto place = call.services.long_calls.enter(call.tenant());
  if (!place) co_return fail(place.error());
  const auto stream = std::make_shared<EventStream>(call, *topics, std::move(*place));
  http::Response response;
  response.content_type = "text/event-stream";
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("X-Accel-Buffering", "no");
  response.stream = [stream](http::StreamWriter& writer) { return run_stream(stream, writer); };
  co_return response;
}

}  // namespace

Routes event_routes() {
  return {
      {http::Method::get, "/api/v1/events", with(auth::Scope::tasks_read), events, kTakesQuery}};
}

}  // namespace belfry::api
