#include "store/conformance/model.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace belfry::store::conformance {

using domain::Status;

namespace {

std::string outcome(const Result<Reply>& reply) {
  return reply ? "ok" : std::string(name(reply.error().code));
}

std::string differs(const std::string& what, const std::string& expected, const std::string& got) {
  return fmt::format("{}: expected {}, got {}", what, expected, got);
}

// The outcome that differs, or nothing.
std::string judge(const std::string& what, const std::string& expected,
                  const Result<Reply>& reply) {
  return outcome(reply) == expected ? "" : differs(what, expected, outcome(reply));
}

}  // namespace

std::int64_t Model::count(TenantId tenant, Status status) const {
  return std::ranges::count_if(tasks_, [&](const auto& t) {
    return t.second.tenant == tenant && t.second.status == status;
  });
}

std::int64_t Model::count(domain::QueueNo queue, Status status) const {
  return std::ranges::count_if(
      tasks_, [&](const auto& t) { return t.second.queue == queue && t.second.status == status; });
}

std::string Model::submit(const Submit& command, const Result<Reply>& reply) {
  const auto& task = command.task;
  const auto unfinished = count(task.tenant, Status::scheduled) +
                          count(task.tenant, Status::pending) + count(task.tenant, Status::running);
  const bool over = unfinished >= tenants_.at(task.tenant).unfinished_max;
  if (auto fault = judge("submit", over ? "quota_exceeded" : "ok", reply); !fault.empty() || over) {
    return fault;
  }
  Task added;
  added.id = task.id;
  added.tenant = task.tenant;
  added.priority = task.priority;
  for (const auto& [no, queue] : queues_) {
    if (queue.tenant == task.tenant && queue.name == task.queue) added.queue = no;
  }
  const auto ready_at = task.scheduled_for.value_or(task.submitted_at);
  added.status = ready_at > task.submitted_at ? Status::scheduled : Status::pending;
  added.next_at = std::max(ready_at, task.submitted_at);
  added.rank = domain::rank(ready_at, task.priority, queues_.at(added.queue).aging);
  added.expires_at = task.expires_at;
  const auto got = std::get<Submit::Reply>(*reply);
  tasks_[task.id] = added;
  if (got.status != added.status || got.id != task.id || got.replayed) {
    return differs("submit", std::string(name(added.status)), std::string(name(got.status)));
  }
  return {};
}

std::vector<Model::Task*> Model::ready(const Claim& command, Timestamp now) {
  std::vector<Task*> found;
  for (auto& [id, task] : tasks_) {
    if (task.queue != command.queue || task.status != Status::pending) continue;
    if (!task.parked.empty()) continue;
    if (task.expires_at && *task.expires_at <= now) continue;
    found.push_back(&task);
  }
  std::ranges::sort(found, {}, [](const Task* t) { return std::pair(t->rank, t->id); });
  return found;
}

std::string Model::claim(const Claim& command, const Result<Reply>& reply, Timestamp now) {
  if (auto fault = judge("claim", "ok", reply); !fault.empty()) return fault;
  const auto& queue = queues_.at(command.queue);
  const auto room = std::min<std::int64_t>(
      {command.max, queue.limit - count(command.queue, Status::running),
       tenants_.at(queue.tenant).running_max - count(queue.tenant, Status::running)});
  auto expected = ready(command, now);
  if (expected.size() > static_cast<std::size_t>(std::max<std::int64_t>(room, 0))) {
    expected.resize(static_cast<std::size_t>(std::max<std::int64_t>(room, 0)));
  }
  const auto& got = std::get<Claim::Reply>(*reply).tasks;
  if (got.size() != expected.size()) {
    return differs("claim", std::to_string(expected.size()), std::to_string(got.size()));
  }
  for (std::size_t i = 0; i < got.size(); ++i) {
    auto& task = *expected[i];
    if (got[i].id != task.id) return differs("claim", to_string(task.id), to_string(got[i].id));
    ++task.attempt;
    ++task.run_attempt;
    if (got[i].token.attempt != task.attempt || got[i].run_attempt != task.run_attempt ||
        got[i].failures != task.failures) {
      return differs("claimed attempt", std::to_string(task.attempt),
                     std::to_string(got[i].token.attempt));
    }
    task.status = Status::running;
    task.token = got[i].token;
    task.next_at = now + command.lease;
  }
  return {};
}

std::string Model::finish(const Finish& command, const Result<Reply>& reply, Timestamp now) {
  auto& task = tasks_.at(command.id);
  const bool lost = command.verdict == Verdict::lost || command.verdict == Verdict::lost_last;
  const bool stale =
      task.status != Status::running || task.token != command.token || (lost && task.next_at > now);
  if (auto fault = judge("finish", stale ? "stale_lease" : "ok", reply); !fault.empty() || stale) {
    return fault;
  }
  const auto back = [&](Timestamp at) {
    task.next_at = at;
    task.status = at > now ? Status::scheduled : Status::pending;
  };
  const auto aging = queues_.at(task.queue).aging;
  switch (command.verdict) {
    case Verdict::completed:
      task.status = Status::completed;
      break;
    case Verdict::failed:
    case Verdict::lost_last:
      task.status = Status::failed;
      ++task.failures;
      break;
    case Verdict::retry:
    case Verdict::lost:
      back(command.verdict == Verdict::retry ? std::max(command.next_at.value_or(now), now) : now);
      task.rank = domain::rank(task.next_at, task.priority, aging);
      ++task.failures;
      break;
    case Verdict::released:
      back(std::max(command.next_at.value_or(now), now));
      --task.run_attempt;
      if (command.unsent) --task.attempt;
      if (!command.parking) break;
      task.status = Status::pending;
      task.next_at = command.parking->ready_since;
      task.parked = command.parking->handler;
      break;
  }
  const auto got = std::get<Finish::Reply>(*reply).status;
  if (got == task.status) return {};
  return differs("finish", std::string(name(task.status)), std::string(name(got)));
}

std::string Model::send_again(const SendAgain& command, const Result<Reply>& reply, Timestamp now) {
  auto& task = tasks_.at(command.id);
  const bool stale = task.status != Status::running || task.token != command.token;
  const auto* expected = stale                         ? "stale_lease"
                         : task.resent_run == task.run ? "invalid_state"
                                                       : "ok";
  if (auto fault = judge("send again", expected, reply); !fault.empty() || !reply) return fault;
  const auto& got = std::get<SendAgain::Reply>(*reply);
  ++task.attempt;
  task.resent_run = task.run;
  task.token = got.token;
  task.next_at = now + command.lease;
  if (got.token.attempt == task.attempt && got.lease_until == task.next_at) return {};
  return differs("send again", std::to_string(task.attempt), std::to_string(got.token.attempt));
}

std::string Model::renew(const Renew& command, const Result<Reply>& reply, Timestamp now) {
  auto& task = tasks_.at(command.id);
  const bool cancelled =
      task.status == Status::cancelled && task.token.secret != 0 && task.token == command.token;
  const bool held = task.status == Status::running && task.token == command.token;
  if (auto fault = judge("renew", held || cancelled ? "ok" : "stale_lease", reply);
      !fault.empty() || !(held || cancelled)) {
    return fault;
  }
  const auto& got = std::get<Renew::Reply>(*reply);
  if (got.cancel_requested != cancelled) {
    return differs("renew", cancelled ? "cancelled" : "extended", "the other");
  }
  if (cancelled) return {};
  task.next_at = std::max(task.next_at, now + command.extend);
  if (got.lease_until == task.next_at) return {};
  return differs("renew", std::to_string(to_ms(task.next_at)),
                 std::to_string(to_ms(got.lease_until)));
}

std::string Model::end(const End& command, const Result<Reply>& reply, Timestamp now) {
  auto& task = tasks_.at(command.id);
  const bool expires = command.status == Status::expired;
  const bool can =
      !domain::is_terminal(task.status) && (!command.only_parked || !task.parked.empty()) &&
      (!expires || (task.status != Status::running && task.expires_at && *task.expires_at <= now));
  if (auto fault = judge("end", can ? "ok" : "invalid_state", reply); !fault.empty() || !can) {
    return fault;
  }
  const bool was_running = task.status == Status::running;
  // A heartbeat is told of the cancellation only if its attempt was the one that ran.
  if (!was_running) task.token = {};
  task.status = command.status;
  task.parked.clear();
  if (std::get<End::Reply>(*reply).was_running == was_running) return {};
  return differs("end", was_running ? "running" : "waiting", "the other");
}

std::string Model::move_due(const Result<Reply>& reply, Timestamp now) {
  if (auto fault = judge("move due", "ok", reply); !fault.empty()) return fault;
  int moved = 0;
  std::optional<Timestamp> next;
  for (auto& [id, task] : tasks_) {
    if (task.status != Status::scheduled) continue;
    if (task.next_at <= now) {
      task.status = Status::pending;
      ++moved;
    } else {
      next = next ? std::min(*next, task.next_at) : task.next_at;
    }
  }
  const auto& got = std::get<MoveDue::Reply>(*reply);
  if (got.moved == moved && got.next_due == next) return {};
  return differs("move due", std::to_string(moved), std::to_string(got.moved));
}

std::string Model::apply(const Command& command, const Result<Reply>& reply, Timestamp now) {
  if (const auto* c = std::get_if<Submit>(&command)) return submit(*c, reply);
  if (const auto* c = std::get_if<Claim>(&command)) return claim(*c, reply, now);
  if (const auto* c = std::get_if<Finish>(&command)) return finish(*c, reply, now);
  if (const auto* c = std::get_if<SendAgain>(&command)) return send_again(*c, reply, now);
  if (const auto* c = std::get_if<Renew>(&command)) return renew(*c, reply, now);
  if (const auto* c = std::get_if<End>(&command)) return end(*c, reply, now);
  return move_due(reply, now);
}

std::string Model::apply_retry(TaskId id, const Result<Reply>& reply, Timestamp now) {
  auto& task = tasks_.at(id);
  const bool can = domain::is_terminal(task.status);
  if (auto fault = judge("retry", can ? "ok" : "invalid_state", reply); !fault.empty() || !can) {
    return fault;
  }
  task.status = Status::pending;
  task.next_at = now;
  task.rank = domain::rank(now, task.priority, queues_.at(task.queue).aging);
  task.expires_at.reset();
  task.run_attempt = task.failures = 0;
  ++task.run;
  return {};
}

void Model::apply_unpark(TenantId tenant, const std::string& handler, int limit) {
  std::vector<Task*> parked;
  for (auto& [id, task] : tasks_) {
    if (task.tenant == tenant && task.parked == handler) parked.push_back(&task);
  }
  std::ranges::sort(parked, {}, [](const Task* t) { return std::pair(t->rank, t->id); });
  for (auto* task : parked) {
    if (limit-- > 0) task->parked.clear();
  }
}

std::string Model::compare(Snapshot& snapshot) const {
  for (const auto& [tenant, limits] : tenants_) {
    const auto counts = snapshot.metrics().counts(tenant);
    for (int i = 0; i < domain::kStatusCount; ++i) {
      const auto status = static_cast<Status>(i);
      const auto expected = count(tenant, status);
      if (counts[status] == expected) continue;
      return differs(fmt::format("total of {}", name(status)), std::to_string(expected),
                     std::to_string(counts[status]));
    }
  }
  for (const auto& [no, queue] : queues_) {
    const auto row = snapshot.queues().find(queue.tenant, queue.name);
    if (!row || row->pending != count(no, Status::pending) ||
        row->running != count(no, Status::running) ||
        row->scheduled != count(no, Status::scheduled)) {
      return "the depth of queue " + queue.name;
    }
  }
  for (const auto& [id, task] : tasks_) {
    const auto row = snapshot.tasks().find(task.tenant, id);
    if (!row) return "a task is lost: " + to_string(id);
    const bool same = row->status == task.status && row->run == task.run &&
                      row->attempt == task.attempt && row->run_attempt == task.run_attempt &&
                      row->failures == task.failures;
    const auto parked = row->parked_at ? row->parked_at->handler : "";
    if (parked != task.parked) return differs(to_string(id), task.parked, parked);
    if (!same) return differs(to_string(id), std::string(name(task.status)), "another row");
    if (domain::is_terminal(task.status) && row->heartbeat_at) {
      return "progress of a finished task: " + to_string(id);
    }
    if (!domain::is_terminal(task.status) && row->next_at != task.next_at) {
      return "the next-action time of " + to_string(id);
    }
  }
  return {};
}

}  // namespace belfry::store::conformance
