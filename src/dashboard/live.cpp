#include "dashboard/live.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/task_group.hpp"
#include "dashboard/counts.hpp"
#include "dashboard/event_reader.hpp"
#include "dashboard/viewer.hpp"
#include "http/sse.hpp"
#include "json/check.hpp"
#include "json/field_reader.hpp"
#include "json/writer.hpp"

namespace belfry::dashboard {
namespace {

namespace asio = boost::asio;

constexpr int kViewersOfASession = 16;
constexpr std::size_t kViewersMax = 2'000;
constexpr int kDepthMax = 32;
constexpr Millis kBetweenMessages{250};
constexpr Millis kPing{10'000};
constexpr Millis kAllTenantsEvery{1'000};
constexpr Millis kSilenceMax{20'000};  // the scheduler says something every 15 s
constexpr Millis kBackoffMin{250};
constexpr Millis kBackoffMax{5'000};
constexpr std::string_view kAllTenants = "*";

// The pages that look at one tenant, or at all.
struct Room {
  Room(std::string of, asio::any_io_executor executor) : tenant(std::move(of)), empty(executor) {}

  bool wants_tasks() const {
    return std::ranges::any_of(viewers, [](const auto& viewer) { return viewer->wants_tasks(); });
  }
  // The stream is opened anew, or the room closes.
  void look_again() {
    if (abort) abort->emit(asio::cancellation_type::terminal);
    empty.notify();
  }

  // One break may be a connection's end; two in a row are a scheduler that is not there.
  void on_break() {
    if (++breaks >= 2) tell_source(false);
  }
  void on_heard() {
    breaks = 0;
    tell_source(true);
  }
  void tell_source(bool well) {
    source_well = well;
    for (const auto& viewer : viewers) viewer->on_source(well);
  }

  std::string tenant;  // "" for the session's own, kAllTenants, or one that an operator looks at
  std::vector<std::shared_ptr<Viewer>> viewers;
  std::string totals;
  std::string position;  // the last event's id
  bool with_tasks = false;
  bool source_well = true;
  int breaks = 0;  // since the scheduler was last heard
  std::shared_ptr<asio::cancellation_signal> abort;
  async::WakeUp empty;
};

// Hears the scheduler's stream for a room.
class RoomSink final : public http::AnswerSink {
 public:
  explicit RoomSink(std::shared_ptr<Room> room) : room_(std::move(room)) {}

  bool on_status(int told) override {
    status = told;
    if (status == 200) room_->on_heard();
    // Without a position nobody knows what happened before: lists on screen are read again.
    if (status == 200 && room_->with_tasks && room_->position.empty()) {
      for (const auto& viewer : room_->viewers) viewer->on_reset();
    }
    return status == 200;
  }
  bool on_body(std::string_view bytes) override {
    return reader_.feed(bytes, [this](const StreamEvent& event) { tell(event); });
  }

  int status = 0;

 private:
  void tell(const StreamEvent& event) {
    if (!event.id.empty()) room_->position = event.id;
    if (event.name == "totals") {
      room_->totals = event.data;
      for (const auto& viewer : room_->viewers) viewer->on_totals(event.data);
    } else if (event.name == "reset") {
      for (const auto& viewer : room_->viewers) viewer->on_reset();
    } else if (event.name.starts_with("task.") && json::check(event.data, kDepthMax)) {
      tell_task(event);
    }
  }

  void tell_task(const StreamEvent& event) {
    const json::Value told(event.data);
    const auto text = [&told](std::string_view name) {
      const auto member = told.find(name);
      return member ? member->string().value_or("") : std::string();
    };
    const auto id = text("taskId");
    if (id.empty()) return;
    const auto state = text("status");
    const auto queue = text("queue");
    const TaskNews task{id, state, queue, event.data, event.name == "task.submitted"};
    for (const auto& viewer : room_->viewers) viewer->on_task(task);
  }

  std::shared_ptr<Room> room_;
  EventReader reader_;
};

}  // namespace

struct Live::State : std::enable_shared_from_this<State> {
  explicit State(LiveParts given)
      : parts(std::move(given)), group(parts.executor, parts.on_failure) {}

  std::shared_ptr<Room> enter(const std::shared_ptr<Viewer>& viewer, const std::string& key,
                              const std::string& tenant);
  void leave(const std::shared_ptr<Viewer>& viewer, const std::string& key);
  asio::awaitable<void> follow(std::shared_ptr<Room> room, std::string key);
  asio::awaitable<bool> follow_once(std::shared_ptr<Room> room);
  asio::awaitable<bool> poll_all(std::shared_ptr<Room> room);
  asio::awaitable<void> run(std::shared_ptr<Viewer> viewer, std::string key, std::string tenant,
                            http::StreamWriter& writer);
  asio::awaitable<void> talk(Viewer& viewer, http::StreamWriter& writer);

  LiveParts parts;
  async::TaskGroup group;
  std::map<std::string, std::shared_ptr<Room>> rooms;
  std::map<std::string, std::pair<std::shared_ptr<Viewer>, std::weak_ptr<Room>>, std::less<>>
      viewers;
  std::uint64_t next_id = 0;
};

std::shared_ptr<Room> Live::State::enter(const std::shared_ptr<Viewer>& viewer,
                                         const std::string& key, const std::string& tenant) {
  auto& room = rooms[key];
  const bool fresh = !room;
  if (fresh) room = std::make_shared<Room>(tenant, parts.executor);
  room->viewers.push_back(viewer);
  if (!room->totals.empty()) viewer->on_totals(room->totals);
  viewer->on_source(room->source_well);
  if (fresh) group.spawn(follow(room, key));
  return room;
}

void Live::State::leave(const std::shared_ptr<Viewer>& viewer, const std::string& key) {
  viewers.erase(viewer->id());
  --viewer->session()->viewers;
  const auto at = rooms.find(key);
  if (at == rooms.end()) return;
  std::erase(at->second->viewers, viewer);
  if (!at->second->viewers.empty()) return;
  const auto room = at->second;
  rooms.erase(at);
  room->look_again();
}

// Until the last page has gone.
asio::awaitable<void> Live::State::follow(std::shared_ptr<Room> room, std::string key) {
  while (!room->viewers.empty()) {
    const bool well =
        room->tenant == kAllTenants ? co_await poll_all(room) : co_await follow_once(room);
    if (room->viewers.empty()) break;
    if (!well) room->on_break();
    const auto backoff = std::min(kBackoffMin * (1 << std::min(room->breaks, 5)), kBackoffMax);
    const auto pause = well && room->tenant == kAllTenants ? kAllTenantsEvery : backoff;
    // Woken early when the last page goes, or pages want other news.
    (void)co_await room->empty.wait(
        well && room->wants_tasks() != room->with_tasks ? Millis{0} : pause, async::StopSignal());
  }
}

// One stream of the scheduler, to its end. False if it was refused or broke.
asio::awaitable<bool> Live::State::follow_once(std::shared_ptr<Room> room) {
  const auto session = room->viewers.front()->session();
  const auto token = co_await parts.scheduler.token(session, room->tenant);
  if (!token) co_return false;
  if (room->viewers.empty()) co_return true;
  const bool tasks = room->wants_tasks();
  if (tasks != room->with_tasks) room->position.clear();
  room->with_tasks = tasks;
  SchedulerCall call{http::Method::get,
                     tasks ? "/api/v1/events?topics=tasks,totals" : "/api/v1/events?topics=totals",
                     std::string(token->reveal()), session->client};
  if (!room->position.empty()) call.headers.emplace_back("Last-Event-ID", room->position);
  RoomSink sink(room);
  const auto abort = std::make_shared<asio::cancellation_signal>();
  room->abort = abort;
  std::optional<http::CallFailure> failed = http::CallFailure::cancelled;
  try {
    failed = co_await asio::co_spawn(
        parts.executor,
        parts.client.stream(parts.scheduler.request(std::move(call)), kSilenceMax, sink),
        asio::bind_cancellation_slot(abort->slot(), asio::use_awaitable));
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) throw;
  }
  room->abort.reset();
  if (sink.status == 401) Scheduler::forget_token(*session, room->tenant);
  co_return failed == http::CallFailure::cancelled;
}

asio::awaitable<bool> Live::State::poll_all(std::shared_ptr<Room> room) {
  const auto session = room->viewers.front()->session();
  const auto token = co_await parts.scheduler.token(session, "");
  if (!token) co_return false;
  const auto answer =
      co_await parts.scheduler.send({http::Method::get, "/api/v1/admin/metrics?range=15m",
                                     std::string(token->reveal()), session->client});
  if (answer && answer->status == 401) Scheduler::forget_token(*session, "");
  if (!answer || answer->status != 200) co_return false;
  if (auto counts = counts_of(answer->body)) {
    room->on_heard();
    room->totals = std::move(*counts);
    for (const auto& viewer : room->viewers) viewer->on_totals(room->totals);
  }
  co_return true;
}

asio::awaitable<void> Live::State::talk(Viewer& viewer, http::StreamWriter& writer) {
  std::string hello;
  json::Writer w(hello);
  w.begin_object();
  w.key("connection").string(viewer.id());
  w.end_object();
  if (!co_await writer.write(http::sse_event("", "hello", hello))) co_return;
  const auto& session = *viewer.session();
  for (;;) {
    const auto reason = co_await viewer.wake.wait(kPing, session.ended);
    const auto now = parts.clock.now();
    if (reason == async::WakeUp::Reason::stopped || now >= session.idle_at ||
        now >= session.ends_at) {
      co_return;
    }
    if (reason == async::WakeUp::Reason::timed_out) {
      if (!viewer.source_well()) continue;  // silence is what tells a page that it is stale
      if (!co_await writer.write(http::sse_event("", "ping", "{}"))) co_return;
      continue;
    }
    if (!viewer.has_news()) continue;
    if (!co_await writer.write(viewer.take())) co_return;
    // What comes meanwhile is merged into one message.
    if (!co_await async::sleep_for(kBetweenMessages, session.ended)) co_return;
  }
}

asio::awaitable<void> Live::State::run(std::shared_ptr<Viewer> viewer, std::string key,
                                       std::string tenant, http::StreamWriter& writer) {
  ++viewer->session()->viewers;
  viewers[viewer->id()] = {viewer, enter(viewer, key, tenant)};
  std::exception_ptr failure;
  try {
    co_await talk(*viewer, writer);
  } catch (...) {
    failure = std::current_exception();
  }
  leave(viewer, key);
  if (failure) std::rethrow_exception(failure);
}

namespace {

template <class State>
asio::awaitable<void> run_viewer(std::shared_ptr<State> state, std::shared_ptr<Viewer> viewer,
                                 std::string key, std::string tenant, http::StreamWriter& writer) {
  co_await state->run(viewer, std::move(key), std::move(tenant), writer);
}

// The strings of an array, at most `most`; a fault at `name` if it holds anything else.
std::unordered_set<std::string> read_strings(json::FieldReader& in, std::string_view name,
                                             std::size_t most) {
  std::unordered_set<std::string> strings;
  const auto listed = in.array(name);
  if (!listed) return strings;
  for (const auto& element : listed->elements()) {
    auto text = element.string();
    if (!text || strings.size() >= most) {
      in.fault(name, fmt::format("must be at most {} strings", most));
      break;
    }
    strings.insert(std::move(*text));
  }
  return strings;
}

Watch read_watch(json::FieldReader& in, FieldFaults& faults) {
  constexpr std::size_t kConditionsMax = 32;
  Watch watch;
  watch.tasks = in.boolean("tasks").value_or(false);
  watch.ids = read_strings(in, "taskIds", Viewer::kWatchedMax);
  const auto lists = in.array("lists");
  if (!lists) return watch;
  for (const auto& element : lists->elements()) {
    if (watch.lists.size() >= Viewer::kListsMax) {
      in.fault("lists", fmt::format("must be at most {}", Viewer::kListsMax));
      break;
    }
    json::FieldReader list(element, fmt::format("/lists/{}", watch.lists.size()), faults);
    watch.lists.push_back({read_strings(list, "statuses", kConditionsMax),
                           read_strings(list, "queues", kConditionsMax)});
    list.done();
  }
  return watch;
}

}  // namespace

Live::Live(LiveParts parts) : state_(std::make_shared<State>(std::move(parts))) {}

Live::~Live() = default;

Result<http::Response> Live::open(std::shared_ptr<Session> session, std::string tenant, bool all) {
  if (session->viewers >= kViewersOfASession || state_->viewers.size() >= kViewersMax) {
    return fail(ErrorCode::rate_limited, "too many live streams; close a page and try again");
  }
  // A tenant's pages meet whichever session they belong to; operators have a room of their own.
  std::string key = all ? std::string(kAllTenants)
                        : fmt::format("{}{}", session->is_operator ? "operator:" : "tenant:",
                                      session->is_operator ? tenant : session->tenant_id);
  if (all) tenant = kAllTenants;
  const auto viewer = std::make_shared<Viewer>(fmt::format("c{}", ++state_->next_id), session,
                                               state_->parts.executor);
  http::Response response;
  response.content_type = "text/event-stream";
  response.headers.set("X-Accel-Buffering", "no");
  response.stream = [state = state_, viewer, key, tenant](http::StreamWriter& writer) {
    return run_viewer(state, viewer, key, tenant, writer);
  };
  return response;
}

Result<> Live::watch(const Session& session, std::string_view body) {
  if (const auto ok = json::check(body, kDepthMax); !ok) return ok;
  FieldFaults faults;
  const json::Value value(body);
  json::FieldReader in(value, "", faults);
  const auto connection = in.string("connection", {1, 32, json::Need::required});
  auto watched = read_watch(in, faults);
  in.done();
  if (!faults.empty()) {
    return fail({ErrorCode::validation_failed, "the body has faults", std::move(faults)});
  }
  const auto at = state_->viewers.find(*connection);
  if (at == state_->viewers.end() || at->second.first->session().get() != &session) {
    return fail(ErrorCode::not_found, "no such live stream");
  }
  const auto& viewer = at->second.first;
  const bool begins = watched.tasks && !viewer->wants_tasks();
  viewer->watch(std::move(watched));
  const auto room = at->second.second.lock();
  if (room && room->wants_tasks() != room->with_tasks) {
    room->look_again();
  } else if (room && begins) {
    viewer->on_reset();  // the news since it read its lists went to others alone
  }
  return {};
}

asio::awaitable<void> Live::drain() {
  const auto state = state_;
  co_await state->group.join();
}

std::size_t Live::viewers() const {
  return state_->viewers.size();
}

}  // namespace belfry::dashboard
