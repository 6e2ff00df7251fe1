#include "dispatch/runner.hpp"

#include <fmt/format.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/wake_up.hpp"
#include "base/log.hpp"
#include "dispatch/push_request.hpp"
#include "dispatch/put_off.hpp"
#include "http/call_end.hpp"
#include "outbox/event_body.hpp"

namespace belfry::dispatch {
namespace {

namespace asio = boost::asio;
using outbox::AttemptEnd;

constexpr Millis kStoreRetry{200};
// A process without descriptors or memory gets them back when other work ends.
constexpr Millis kOwnTroubleRetry{1'000};
// For so long failed look-ups of an origin's name do not count.
constexpr Millis kUnresolvedShelter{60'000};

AttemptEnd failure(std::string error, bool retryable) {
  AttemptEnd end;
  end.kind = AttemptEnd::Kind::failed;
  end.error = std::move(error);
  end.retryable = retryable;
  return end;
}

double seconds(Timestamp from, Timestamp to) {
  return static_cast<double>((to - from).count()) / 1'000.0;
}

store::Finish release(const store::Claim::Task& task) {
  store::Finish finish;
  finish.tenant = task.tenant;
  finish.id = task.id;
  finish.token = task.token;
  finish.verdict = store::Verdict::released;
  return finish;
}

}  // namespace

asio::awaitable<void> Runner::run(std::shared_ptr<Attempt> attempt) {
  auto performed = co_await perform_unless_stopped(attempt);
  co_await conclude(*attempt, std::move(performed));
  running_.remove(*attempt);
}

asio::awaitable<bool> Runner::begin(std::shared_ptr<Attempt> attempt) {
  const auto& task = attempt->task;
  context_.instruments.started.add();
  if (task.token.attempt == 1) {
    const auto due = std::max(task.submitted_at, task.scheduled_for.value_or(task.submitted_at));
    context_.instruments.wait.observe(seconds(due, context_.clock.now()));
  }
  const bool ours = co_await tell_started(*attempt);
  co_return ours && attempt->fate == Fate::runs;
}

asio::awaitable<Runner::Performed> Runner::perform_unless_stopped(
    std::shared_ptr<Attempt> attempt) {
  Performed performed;
  if (attempt->fate != Fate::runs) co_return performed;  // before it began
  attempt->aborts = true;
  try {
    performed = co_await asio::co_spawn(
        context_.executor, perform(attempt),
        asio::bind_cancellation_slot(attempt->abort.slot(), asio::use_awaitable));
  } catch (const boost::system::system_error& error) {
    // Aborted between two steps: `fate` says why.
    if (error.code() != asio::error::operation_aborted) throw;
  }
  attempt->aborts = false;
  co_return performed;
}

// False if the lease is not ours any more.
asio::awaitable<bool> Runner::tell_started(const Attempt& attempt) {
  const auto& task = attempt.task;
  if (!context_.directory.wants(task.tenant, domain::EventType::started)) co_return true;
  outbox::EventFacts facts;
  facts.type = domain::EventType::started;
  facts.task = task.id;
  facts.tenant = task.tenant;
  facts.task_name = task.name;
  facts.queue_name = task.queue_name;
  facts.status = domain::Status::running;
  facts.attempt = task.token.attempt;
  facts.failures = task.failures;
  facts.max_attempts = task.max_attempts;
  facts.at = task.started_at;
  facts.options = &task.options;
  store::Renew renew;
  renew.tenant = task.tenant;
  renew.id = task.id;
  renew.token = task.token;
  renew.extend = context_.options.lease;
  renew.outbox.drafts.push_back(outbox::event_draft(facts));
  const auto reply = co_await context_.gateway.ask(std::move(renew));
  co_return reply ? !reply->cancel_requested : store::is_passing(reply.error());
}

asio::awaitable<Runner::Performed> Runner::perform(std::shared_ptr<Attempt> attempt) {
  const auto& task = attempt->task;
  const auto queue = context_.directory.queue(task.queue);
  const auto settings = queue ? queue->settings : domain::QueueSettings{};
  const bool by_default = !task.options.target;
  const auto target = by_default ? settings.default_target : task.options.target;
  if (!target) return echo(attempt, {}, true);
  if (const auto* http = std::get_if<domain::HttpTarget>(&*target)) {
    return push(attempt, *http, settings);
  }
  if (const auto* echo_target = std::get_if<domain::EchoTarget>(&*target)) {
    return echo(attempt, *echo_target, false);
  }
  return hand_back();  // the queue's default became `worker` after the claim
}

asio::awaitable<Runner::Performed> Runner::hand_back() {
  Performed performed;
  performed.what = Performed::What::postponed;
  co_return performed;
}

bool Runner::open_headers(TenantId tenant, domain::HttpTarget& target) const {
  for (auto& [name, value] : target.headers) {
    if (value.starts_with(domain::kPublicHeaderMark)) value.erase(0, 1);
    if (!value.starts_with(domain::kSealedHeaderMark)) continue;
    auto opened = context_.open_header(tenant, std::string_view(value).substr(1));
    if (!opened) return false;
    value = std::move(*opened);
  }
  return true;
}

asio::awaitable<Runner::Performed> Runner::push(std::shared_ptr<Attempt> attempt,
                                                domain::HttpTarget target,
                                                domain::QueueSettings queue) {
  const auto& task = attempt->task;
  Performed performed;
  performed.what = Performed::What::ended;
  auto url = http::parse_url(target.url);
  if (!url) {
    performed.end = failure("destination_forbidden", false);
    co_return performed;
  }
  const auto to = context_.gate.entry_of(http::destination_of(task.tenant, *url));
  if (turns_away(context_, task, to)) co_return turned_away(*attempt, to);
  auto pass = co_await context_.gate.enter(to, {task.rank, task.id.uuid.high});
  if (!pass) {
    if (attempt->fate != Fate::runs) co_return Performed{};
    co_return turned_away(*attempt, to);
  }
  if (!co_await begin(attempt)) co_return Performed{};
  if (!open_headers(task.tenant, target)) {
    performed.end = failure("target_header_unreadable", false);
    co_return performed;
  }
  const auto timeout = push_timeout(task.options, target, queue);
  const auto answer = co_await call(attempt, Push{std::move(target), std::move(*url), timeout});
  if (!answer && answer.error().failure == http::CallFailure::cancelled) co_return Performed{};
  pass.done(http::call_end(answer, context_.clock.now()));
  performed = judge(*attempt, to, answer);
  performed.accepted_for = std::max(timeout, domain::kLeaseMin);
  co_return performed;
}

Runner::Performed Runner::judge(const Attempt& attempt, const http::Destination& to,
                                const CallAnswer& answer) {
  const auto now = context_.clock.now();
  Performed performed;
  if (!answer && answer.error().own_trouble && !answer.error().sent) {
    performed.what = Performed::What::postponed;
    performed.until = now + kOwnTroubleRetry;
    return performed;
  }
  auto outcome = push_outcome(answer, now);
  performed.what = outcome.accepted ? Performed::What::accepted : Performed::What::ended;
  performed.end = std::move(outcome.end);
  if (answer || answer.error().failure != http::CallFailure::name_not_resolved) return performed;
  const auto since = context_.gate.unresolved_since(to);
  if (!since || now - *since >= kUnresolvedShelter) return performed;
  const auto& task = attempt.task;
  const auto policy = outbox::policy_of(task.options, task.queue, context_.directory);
  performed.what = Performed::What::unresolved;
  performed.until = now + domain::delay_after(policy, task.failures + 1, context_.random);
  return performed;
}

http::OutboundRequest Runner::request_of(Attempt& attempt, const Push& push) const {
  const auto& task = attempt.task;
  auto request = push_request(task, push.target, push.url, context_.secrets(task.tenant),
                              context_.clock, push.timeout, context_.random);
  attempt.task.payload = {};  // the request holds it now, and one copy is enough
  return request;
}

asio::awaitable<CallAnswer> Runner::call(std::shared_ptr<Attempt> attempt, Push push) {
  auto answer = co_await context_.client.send(request_of(*attempt, push));
  if (answer || !answer.error().stale) co_return answer;
  if (!co_await send_again(attempt)) {
    if (attempt->fate == Fate::runs) co_return answer;
    co_return std::unexpected(http::CallError{http::CallFailure::cancelled});
  }
  auto request = request_of(*attempt, push);
  request.connection = http::OutboundRequest::Connection::fresh;
  co_return co_await context_.client.send(std::move(request));
}

// The next number and lease are committed before anything is sent under them. False if the run has
// had such an end before, or the lease is lost.
asio::awaitable<bool> Runner::send_again(std::shared_ptr<Attempt> attempt) {
  const auto& task = attempt->task;
  // An abort between the commit and its answer must not lose the new token.
  co_await asio::this_coro::throw_if_cancelled(false);
  store::SendAgain command;
  command.tenant = task.tenant;
  command.id = task.id;
  command.token = task.token;
  command.lease = context_.options.lease;
  command.error = "connection_closed";
  const auto reply = co_await ask(std::move(command));
  if (reply) {
    running_.renumber(attempt, reply->token);
    attempt->task.started_at = reply->started_at;
    attempt->task.lease_until = reply->lease_until;
  }
  std::function<std::optional<store::TaskRow>(store::Snapshot&)> read =
      [tenant = task.tenant, id = task.id](store::Snapshot& snapshot) {
        return snapshot.tasks().find(tenant, id);
      };
  auto row = co_await context_.gateway.read<std::optional<store::TaskRow>>(std::move(read));
  co_await asio::this_coro::throw_if_cancelled(true);
  if (!reply || !row || !*row) co_return false;
  attempt->task.payload = std::move((*row)->payload);
  co_return attempt->fate == Fate::runs&& co_await tell_started(*attempt);
}

Runner::Performed Runner::turned_away(const Attempt& attempt, const http::Destination& to) {
  Performed performed;
  performed.what = Performed::What::postponed;
  performed.parked_at = to;
  context_.backlog.park(to, {attempt.task.rank, attempt.task.id});
  return performed;
}

asio::awaitable<Runner::Performed> Runner::echo(std::shared_ptr<Attempt> attempt,
                                                domain::EchoTarget target, bool by_default) {
  const auto& task = attempt->task;
  if (!co_await begin(attempt)) co_return Performed{};
  if (target.delay > Millis{0}) {
    asio::steady_timer timer(context_.executor, target.delay);
    boost::system::error_code aborted;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, aborted));
    if (aborted || attempt->fate != Fate::runs) co_return Performed{};
  }
  Performed performed;
  performed.what = Performed::What::ended;
  if (task.run_attempt <= target.fail_times) {
    performed.end =
        failure(fmt::format("the echo target was told to fail {} times", target.fail_times), true);
    co_return performed;
  }
  const std::string payload = task.payload.empty() ? "null" : task.payload;
  performed.end.result = by_default && payload.size() < domain::kResultBytesMax / 2
                             ? fmt::format(R"({{"echo":{},"note":"no target: completed by the )"
                                           R"(built-in echo"}})",
                                           payload)
                             : payload;
  if (performed.end.result.size() > domain::kResultBytesMax) {
    performed.end.result = R"("the payload is larger than a result may be")";
  }
  co_return performed;
}

// A store that is away for a moment must not cost the attempt; one that says no has the last word.
template <class C>
asio::awaitable<Result<typename C::Reply>> Runner::ask(C command) {
  for (;;) {
    auto reply = co_await context_.gateway.ask(command);
    if (reply || !store::is_passing(reply.error())) co_return reply;
    if (!co_await async::sleep_for(kStoreRetry, context_.abandon)) co_return reply;
  }
}

asio::awaitable<void> Runner::conclude(const Attempt& attempt, Performed performed) {
  using What = Performed::What;
  const auto& task = attempt.task;
  const auto now = context_.clock.now();
  switch (performed.what) {
    case What::stopped:
      // Cancelled tasks and lost leases have been dealt with by whoever did that.
      if (attempt.fate == Fate::draining) co_await settle(release(task));
      co_return;
    case What::postponed: {
      auto finish = release(task);
      finish.unsent = true;
      finish.next_at = performed.until;
      if (performed.parked_at) finish.parking = parking_of(context_, task, *performed.parked_at);
      co_await settle(std::move(finish));
      if (performed.parked_at) context_.backlog.settled(*performed.parked_at);
      co_return;
    }
    case What::unresolved: {
      auto finish = release(task);
      finish.error = std::move(performed.end.error);
      finish.next_at = performed.until;
      co_await settle(std::move(finish));
      co_return;
    }
    case What::accepted: {
      context_.instruments.accepted.add();
      store::Renew renew;
      renew.tenant = task.tenant;
      renew.id = task.id;
      renew.token = task.token;
      renew.extend = performed.accepted_for;
      renew.accepted = true;
      log_and_ignore(co_await ask(std::move(renew)),
                     "the lease ends by itself and the task is tried again");
      co_return;
    }
    case What::ended:
      break;
  }
  context_.instruments.run.observe(seconds(task.started_at, now));
  co_await settle(outbox::finish_attempt(outbox::facts_of(task), std::move(performed.end), now,
                                         context_.random, context_.directory));
}

void Runner::count(const store::Finish& finish) const {
  auto& instruments = context_.instruments;
  switch (finish.verdict) {
    case store::Verdict::completed:
      return instruments.completed.add();
    case store::Verdict::retry:
      return instruments.retried.add();
    case store::Verdict::released:
      return instruments.released.add();
    default:
      return instruments.failed.add();
  }
}

asio::awaitable<void> Runner::settle(store::Finish finish) {
  const auto reply = co_await ask(finish);
  if (reply) count(finish);
}

}  // namespace belfry::dispatch
