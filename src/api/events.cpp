// GET /api/v1/events: a tenant's live events as server-sent events, resumable.
#include <boost/asio/this_coro.hpp>

#include "api/app.hpp"
#include "api/body.hpp"
#include "async/wake_up.hpp"
#include "http/sse.hpp"
#include "json/writer.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kItemsAtOnce = 256;
constexpr Millis kKeepAlive{15'000};

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

// Lives in the connection's coroutine; everything it refers to outlives the server.
class EventStream {
 public:
  EventStream(const Services& services, TenantId tenant, std::optional<std::string> last_event_id)
      : services_(services), tenant_(tenant), last_event_id_(std::move(last_event_id)) {}

  asio::awaitable<void> run(http::StreamWriter& writer) {
    const auto wake = std::make_shared<async::WakeUp>(co_await asio::this_coro::executor);
    const auto subscription = services_.feed.subscribe(tenant_, [wake] { wake->notify(); });
    std::optional<std::string_view> last;
    if (last_event_id_) last = *last_event_id_;
    auto batch = services_.feed.start(tenant_, last);
    if (!co_await writer.write("retry: 2000\n\n")) co_return;
    if (!co_await send(writer, batch)) co_return;
    for (;;) {
      // Before the first wait, too: what a resumed listener missed is told at once.
      batch = services_.feed.take(tenant_, batch.position, kItemsAtOnce);
      if (!co_await send(writer, batch)) co_return;
      if (batch.items.size() == kItemsAtOnce) continue;
      const auto reason = co_await wake->wait(kKeepAlive, services_.stop);
      if (reason == async::WakeUp::Reason::stopped) co_return;
      if (reason == async::WakeUp::Reason::timed_out &&
          !co_await writer.write(http::sse_comment("keep-alive"))) {
        co_return;
      }
    }
  }

 private:
  asio::awaitable<bool> send(http::StreamWriter& writer, const store::EventFeed::Batch& batch) {
    std::string text;
    if (batch.reset) {
      text += http::sse_event(services_.feed.event_id(batch.position), "reset",
                              R"({"detail":"events were missed; read the list again"})");
    }
    for (const auto& item : batch.items) {
      text += http::sse_event(services_.feed.event_id(item.number), event_name(item.change),
                              change_json(item.change, services_.directory));
    }
    if (text.empty()) co_return true;
    co_return co_await writer.write(std::move(text));
  }

  const Services& services_;
  TenantId tenant_;
  std::optional<std::string> last_event_id_;
};

asio::awaitable<void> run_stream(std::shared_ptr<EventStream> stream, http::StreamWriter& writer) {
  co_await stream->run(writer);
}

asio::awaitable<Result<http::Response>> events(Call call) {
  if (const auto query = Query::read(call.request, {}); !query) co_return fail(query.error());
  std::optional<std::string> last;
  if (const auto id = call.request.headers.get("Last-Event-ID")) last = std::string(*id);
  const auto stream = std::make_shared<EventStream>(call.services, call.tenant(), std::move(last));
  http::Response response;
  response.content_type = "text/event-stream";
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("X-Accel-Buffering", "no");
  response.stream = [stream](http::StreamWriter& writer) { return run_stream(stream, writer); };
  co_return response;
}

}  // namespace

Routes event_routes() {
  return {{http::Method::get, "/api/v1/events", with(auth::Scope::tasks_read), events}};
}

}  // namespace belfry::api
