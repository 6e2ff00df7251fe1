#include "client/attempt_run.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "client/backoff.hpp"
#include "client/lease_calls.hpp"

namespace belfry::client {
namespace {

constexpr std::chrono::milliseconds kHeartbeatTimeoutMin{1'000};

JobOutcome outcome_of(const JobHandler& handler, Job& job) {
  try {
    return handler(job);
  } catch (const std::exception& error) {
    return JobOutcome::fail(error.what());
  } catch (...) {
    return JobOutcome::fail("the handler threw something that is no std::exception");
  }
}

bool lease_lost(const ClientError& error) {
  return error.status == 404 || error.status == 409;
}

// The scheduler did not take what was said, and will not take it the next time.
bool refused(const ClientError& error) {
  return error.status == 400 || error.status == 413 || error.status == 422;
}

bool may_pass(const ClientError& error) {
  return error.status == 429 || error.status >= 500 ||
         error.type == "urn:belfry:client:unreachable";
}

}  // namespace

AttemptRun::AttemptRun(Client& client, const WorkerOptions& options, Task task)
    : client_(client),
      options_(options),
      task_(std::move(task)),
      lease_{task_.id, task_.document["leaseToken"].string_or("")},
      random_(secure_seed()),
      lease_until_(std::chrono::steady_clock::now() + options.lease) {}

void AttemptRun::progress(int percent, std::string text) {
  const std::lock_guard lock(mutex_);
  news_.percent = percent;
  news_.text = std::move(text);
}

void AttemptRun::log(std::string line) {
  const std::lock_guard lock(mutex_);
  if (news_.lines.size() < kLogLinesMax) news_.lines.push_back(std::move(line));
}

void AttemptRun::execute(const JobHandler& handler) {
  JobOutcome outcome;
  {
    const std::jthread heart([this](const std::stop_token& stop) { keep_lease(stop); });
    outcome = outcome_of(handler, *this);
  }
  if (has_news() && !cancelled()) beat({});  // the last progress is kept too
  if (!cancelled()) report(std::move(outcome));
}

void AttemptRun::keep_lease(const std::stop_token& stop) {
  while (!stop.stop_requested() && !cancelled()) {
    if (sleep_unless(stop, options_.lease / 3)) beat(stop);
  }
}

bool AttemptRun::has_news() {
  const std::lock_guard lock(mutex_);
  return !news_.empty();
}

void AttemptRun::beat(const std::stop_token& stop) {
  News news;
  {
    const std::lock_guard lock(mutex_);
    news = std::exchange(news_, {});
  }
  Heartbeat heartbeat;
  heartbeat.extend = options_.lease;
  heartbeat.percent = news.percent;
  heartbeat.text = news.text;
  heartbeat.logs = news.lines;
  // One that hangs must leave time for another within the lease.
  heartbeat.timeout = std::max(options_.lease / 3, kHeartbeatTimeoutMin);
  heartbeat.stop = stop;
  const auto asked_at = std::chrono::steady_clock::now();
  const auto answer = client_.heartbeat(lease_, heartbeat);
  if (answer) {
    lease_until_ = asked_at + options_.lease;
    if (answer->cancel_requested) cancelled_ = true;
    pass_on("heartbeat", answer->warnings);
    return;
  }
  if (lease_lost(answer.error())) {
    cancelled_ = true;
    return;
  }
  if (!refused(answer.error())) restore(std::move(news));
  if (!stop.stop_requested()) complain("heartbeat", answer.error());
}

void AttemptRun::restore(News unsaid) {
  const std::lock_guard lock(mutex_);
  if (!news_.percent) {
    news_.percent = unsaid.percent;
    news_.text = std::move(unsaid.text);
  }
  auto& lines = unsaid.lines;
  lines.insert(lines.end(), news_.lines.begin(), news_.lines.end());
  lines.resize(std::min(lines.size(), kLogLinesMax));
  news_.lines = std::move(lines);
}

void AttemptRun::report(JobOutcome outcome) {
  if (outcome.completed) {
    const auto completed = settle(complete_call(lease_, std::move(outcome.result)));
    if (completed) return pass_on("result", warnings_of(completed->body));
    complain("result", completed.error());
    if (!refused(completed.error())) return;
    // Without an answer the lease would end and the work be done again, to the same refusal.
    outcome = JobOutcome::fail("the result was refused: " + completed.error().detail, false);
  }
  const auto failed =
      settle(fail_call(lease_, std::move(outcome.error_message), outcome.retryable));
  if (!failed) return complain("failure", failed.error());
  pass_on("failure", warnings_of(failed->body));
}

// As long as the lease lasts, a scheduler that is away may come back for the outcome.
Result<Client::Answer> AttemptRun::settle(const Client::Call& call) {
  for (int tries = 1;; ++tries) {
    auto answer = client_.call(call);
    if (answer || !may_pass(answer.error())) return answer;
    const auto pause =
        wait_after(answer.error(), tries, {options_.backoff_first, options_.backoff_max}, random_);
    if (std::chrono::steady_clock::now() + pause >= lease_until_.load()) return answer;
    std::this_thread::sleep_for(pause);
  }
}

void AttemptRun::complain(const char* what, ClientError error) const {
  error.detail = std::string(what) + " of task " + task_.id + ": " + error.detail;
  options_.on_error(error);
}

void AttemptRun::pass_on(const char* what, std::vector<Warning> warnings) const {
  for (auto& warning : warnings) {
    warning.detail = std::string(what) + " of task " + task_.id + ": " + warning.detail;
    options_.on_warning(warning);
  }
}

}  // namespace belfry::client
