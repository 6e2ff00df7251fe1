#include "store/gateway.hpp"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <semaphore>

#include "store/pressure.hpp"
#include "store/read_loop.hpp"
#include "store/write_loop.hpp"

namespace belfry::store {

namespace asio = boost::asio;

struct Gateway::State {
  State(Backend& backend, const GatewayOptions& options, MetricsRegistry& metrics,
        std::function<void(std::string)> on_broken)
      : damage(backend.damage()),
        trouble(std::move(on_broken)),
        creations([this] { return creation_marks(); }),
        reading([this] { return read_marks(); }),
        reads(backend, options, metrics, trouble),
        writes(backend.writer(), options, metrics, trouble) {}

  // Two transactions: one is written while the next gathers.
  Pressure::Marks creation_marks() const {
    const auto batch = writes.batch_size();
    return {.few = batch * 3 / 2, .many = batch * 2};
  }
  // Enough that no reader waits for the next.
  Pressure::Marks read_marks() const {
    return {.few = reads.readers() * 6, .many = reads.readers() * 8};
  }

  DamageReports& damage;
  Trouble trouble;
  Pressure creations;
  Pressure reading;
  ReadLoop reads;
  WriteLoop writes;
};

namespace {

std::size_t creations_among(std::span<const Job> jobs) {
  return static_cast<std::size_t>(std::ranges::count_if(jobs, creates));
}

// Suspends the caller until every job is answered. The request lies in the caller's frame, which
// only the waiter can resume or destroy. A plain function that returns the awaitable: the handler
// leaves for the store's thread only after the caller has suspended.
template <class Loop, class Request>
asio::awaitable<void> wait_for(Loop& loop, Request& request) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
      [](auto handler, Loop* to, Request* what) {
        what->waiter = Waiter::of(std::move(handler));
        if (to->offer(*what)) return;
        Answers refused;
        refused.add(std::move(what->waiter));
        refused.deliver();
      },
      asio::use_awaitable, &loop, &request);
}

template <class Loop, class Request>
void block_on(Loop& loop, Request& request) {
  std::binary_semaphore answered(0);
  request.waiter.resume = Resumption([&answered] { answered.release(); });
  if (loop.offer(request)) answered.acquire();
}

Result<> without_value(Result<Reply>& reply) {
  if (!reply) return fail(std::move(reply.error()));
  return {};
}

}  // namespace

Gateway::Gateway(Backend& backend, GatewayOptions options, MetricsRegistry& metrics,
                 std::function<void(std::string)> on_broken)
    : state_(std::make_shared<State>(backend, options, metrics, std::move(on_broken))) {
  // The registry may be scraped after this gateway is gone.
  const std::weak_ptr<State> state = state_;
  metrics.gauge("belfry_store_waiting_commands", "Commands that wait for a transaction.", [state] {
    const auto alive = state.lock();
    return alive ? static_cast<double>(alive->writes.waiting()) : 0.0;
  });
  metrics.gauge("belfry_store_waiting_reads", "Reads that wait for a reader.", [state] {
    const auto alive = state.lock();
    return alive ? static_cast<double>(alive->reads.waiting()) : 0.0;
  });
  metrics.gauge("belfry_store_damaged_rows",
                "Rows that do not fit their checksum, met since the start; the log names them.",
                [state] {
                  const auto alive = state.lock();
                  return alive ? static_cast<double>(alive->damage.rows()) : 0.0;
                });
  metrics.gauge("belfry_store_full", "1 while the disk is full and creations are refused.",
                [state] {
                  const auto alive = state.lock();
                  return alive && alive->writes.full() ? 1.0 : 0.0;
                });
}

Gateway::~Gateway() {
  stop();
}

void Gateway::add_listener(Listener listener) {
  state_->writes.add_listener(std::move(listener));
}

void Gateway::when_caught_up(std::function<void()> call) {
  state_->creations.when_caught_up(call);
  state_->reading.when_caught_up(std::move(call));
}

asio::awaitable<Result<Reply>> Gateway::run(Command command) {
  Job job{.command = std::move(command)};
  WriteRequest request{.jobs = std::span(&job, 1)};
  const InProgress counted({state_, &state_->creations}, creations_among(request.jobs));
  co_await wait_for(state_->writes, request);
  co_return std::move(job.reply);
}

asio::awaitable<Result<>> Gateway::transact(TransactFn fn, Purpose purpose) {
  Job job{.command = std::move(fn), .purpose = purpose};
  WriteRequest request{.jobs = std::span(&job, 1)};
  const InProgress counted({state_, &state_->creations}, creations_among(request.jobs));
  co_await wait_for(state_->writes, request);
  co_return without_value(job.reply);
}

asio::awaitable<std::vector<Result<Reply>>> Gateway::ask_all(std::vector<Command> commands) {
  std::vector<Result<Reply>> replies;
  if (commands.empty()) co_return replies;
  std::vector<Job> jobs;
  jobs.reserve(commands.size());
  for (auto& command : commands) jobs.push_back({.command = std::move(command)});
  WriteRequest request{.jobs = jobs};
  const InProgress counted({state_, &state_->creations}, creations_among(request.jobs));
  co_await wait_for(state_->writes, request);
  replies.reserve(jobs.size());
  for (auto& job : jobs) replies.push_back(std::move(job.reply));
  co_return replies;
}

asio::awaitable<Result<>> Gateway::run_read(std::function<void(Snapshot&)> fn) {
  ReadRequest request{.fn = std::move(fn)};
  const InProgress counted({state_, &state_->reading}, 1);
  co_await wait_for(state_->reads, request);
  co_return std::move(request.result);
}

Result<> Gateway::transact_blocking(TransactFn fn, Purpose purpose) {
  Job job{.command = std::move(fn), .purpose = purpose};
  WriteRequest request{.jobs = std::span(&job, 1)};
  block_on(state_->writes, request);
  return without_value(job.reply);
}

void Gateway::read_blocking(const std::function<void(Snapshot&)>& fn) {
  ReadRequest request{.fn = fn};
  block_on(state_->reads, request);
  if (!request.result) throw Unavailable(request.result.error().message);
}

void Gateway::stop() {
  state_->writes.stop();
  state_->reads.stop();
}

DamageReports& Gateway::damage() const {
  return state_->damage;
}

void Gateway::report_broken(std::string reason) {
  state_->trouble.report(std::move(reason));
}

bool Gateway::broken() const {
  return state_->trouble.broken();
}
bool Gateway::full() const {
  return state_->writes.full();
}
std::size_t Gateway::waiting() const {
  return state_->writes.waiting();
}
bool Gateway::behind_with_creations() {
  return state_->creations.behind();
}
bool Gateway::behind_with_reads() {
  return state_->reading.behind();
}

}  // namespace belfry::store
