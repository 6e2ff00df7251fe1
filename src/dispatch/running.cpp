#include "dispatch/running.hpp"

namespace belfry::dispatch {

void Attempt::stop(Fate why) {
  if (fate != Fate::runs) return;
  fate = why;
  if (aborts) abort.emit(boost::asio::cancellation_type::terminal);
}

Running::Key Running::key_of(const Attempt& attempt) {
  return {attempt.task.id, attempt.task.token.attempt};
}

void Running::expect_claims() {
  expecting_ = true;
}

void Running::claims_are_answered() {
  expecting_ = false;
  told_early_.clear();
}

std::shared_ptr<Attempt> Running::add(store::Claim::Task task) {
  auto attempt = std::make_shared<Attempt>();
  attempt->task = std::move(task);
  const auto key = key_of(*attempt);
  if (const auto told = told_early_.find(key); told != told_early_.end()) {
    attempt->fate = told->second;
  }
  attempts_[key] = attempt;
  return attempt;
}

void Running::remove(const Attempt& attempt) {
  attempts_.erase(key_of(attempt));
}

void Running::renumber(const std::shared_ptr<Attempt>& attempt, store::LeaseToken token) {
  attempts_.erase(key_of(*attempt));
  attempt->task.token = token;
  attempts_[key_of(*attempt)] = attempt;
}

void Running::stop(TaskId task, std::int32_t attempt, Fate why) {
  const auto found = attempts_.find({task, attempt});
  if (found == attempts_.end()) {
    if (expecting_) told_early_.emplace(Key{task, attempt}, why);
    return;
  }
  const auto keep = found->second;  // the abort may end it at once
  keep->stop(why);
}

void Running::stop_all(Fate why) {
  for (const auto& attempt : all()) attempt->stop(why);
}

std::vector<std::shared_ptr<Attempt>> Running::all() const {
  std::vector<std::shared_ptr<Attempt>> list;
  list.reserve(attempts_.size());
  for (const auto& [key, attempt] : attempts_) list.push_back(attempt);
  return list;
}

}  // namespace belfry::dispatch
