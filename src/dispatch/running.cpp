#include "dispatch/running.hpp"

namespace belfry::dispatch {

void Attempt::stop(Fate why) {
  if (fate != Fate::runs) return;
  fate = why;
  abort.emit(boost::asio::cancellation_type::terminal);
}

std::shared_ptr<Attempt> Running::add(store::Claim::Task task) {
  auto attempt = std::make_shared<Attempt>();
  attempt->task = std::move(task);
  attempts_[attempt->task.id] = attempt;
  return attempt;
}

void Running::remove(const Attempt& attempt) {
  const auto found = attempts_.find(attempt.task.id);
  // A newer attempt of the same task may have taken the place.
  if (found != attempts_.end() && found->second.get() == &attempt) attempts_.erase(found);
}

void Running::stop(TaskId task, std::int32_t attempt, Fate why) {
  const auto found = attempts_.find(task);
  if (found == attempts_.end() || found->second->task.token.attempt != attempt) return;
  const auto keep = found->second;  // the abort may end it at once
  keep->stop(why);
}

void Running::stop_all(Fate why) {
  for (const auto& attempt : all()) attempt->stop(why);
}

std::vector<std::shared_ptr<Attempt>> Running::all() const {
  std::vector<std::shared_ptr<Attempt>> list;
  list.reserve(attempts_.size());
  for (const auto& [id, attempt] : attempts_) list.push_back(attempt);
  return list;
}

}  // namespace belfry::dispatch
