#include "dashboard/viewer.hpp"

#include <algorithm>
#include <optional>

#include "http/sse.hpp"
#include "json/writer.hpp"

namespace belfry::dashboard {

bool WatchedList::holds(const TaskNews& task) const {
  return (statuses.empty() || statuses.contains(std::string(task.status))) &&
         (queues.empty() || queues.contains(std::string(task.queue)));
}

bool WatchedList::gains(const TaskNews& task) const {
  return holds(task) && (task.submitted || !statuses.empty());
}

void Viewer::watch(Watch watch) {
  watch_ = std::move(watch);
  std::erase_if(changed_, [this](const auto& one) {
    return !one.second.for_lists && !watch_.ids.contains(one.first);
  });
}

void Viewer::on_totals(const std::string& counts) {
  if (counts == totals_) return;
  totals_ = counts;
  totals_changed_ = true;
  wake.notify();
}

void Viewer::on_task(const TaskNews& task) {
  if (!watch_.tasks) return;
  const std::string id(task.id);
  const bool gained =
      std::ranges::any_of(watch_.lists, [&](const WatchedList& list) { return list.gains(task); });
  const bool told = changed_.contains(id) || followed_.contains(id);
  if (gained || told || watch_.ids.contains(id)) {
    if (gained && !told && !watch_.ids.contains(id) && named_ >= kNamedMax) {
      count(task);
    } else {
      note(task, gained || followed_.contains(id));
    }
    wake.notify();
  }
}

// A task that a list has gained is followed until it leaves, so that the page can take it back.
void Viewer::note(const TaskNews& task, bool for_lists) {
  std::string id(task.id);
  auto& change = changed_[id];
  change.json = task.json;
  change.submitted = change.submitted || task.submitted;
  if (for_lists && !change.for_lists) {
    change.for_lists = true;
    ++named_;
  }
  const bool stays = std::ranges::any_of(watch_.lists, [&](const WatchedList& list) {
    return !list.statuses.empty() && list.holds(task);
  });
  if (!stays) {
    followed_.erase(id);
  } else if (followed_.size() < kFollowedMax) {
    followed_.insert(std::move(id));
  }
}

void Viewer::count(const TaskNews& task) {
  Kind kind{task.status, task.queue, task.submitted};
  if (more_.size() >= kKindsMax && !more_.contains(kind)) std::get<1>(kind).clear();
  ++more_[std::move(kind)];
}

void Viewer::forget_tasks() {
  changed_.clear();
  more_.clear();
  named_ = 0;
}

void Viewer::on_reset() {
  reset_ = true;
  forget_tasks();
  followed_.clear();
  wake.notify();
}

void Viewer::on_source(bool well) {
  if (well == source_well_) return;
  source_well_ = well;
  source_changed_ = true;
  wake.notify();
}

bool Viewer::has_news() const {
  return source_changed_ || reset_ || totals_changed_ || has_task_news();
}

std::string Viewer::task_news() const {
  std::string data;
  json::Writer w(data);
  w.begin_object();
  w.key("changed").begin_array();
  for (const auto& [id, change] : changed_) w.raw(change.json);
  w.end_array();
  w.key("arrived").begin_array();
  for (const auto& [id, change] : changed_) {
    if (change.submitted) w.string(id);
  }
  w.end_array();
  w.key("more").begin_array();
  for (const auto& [kind, number] : more_) {
    const auto& [status, queue, submitted] = kind;
    w.begin_object();
    w.key("status").string(status);
    w.field("queue", queue.empty() ? std::nullopt : std::optional(queue));
    w.key("arrived").boolean(submitted);
    w.key("count").number(number);
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return data;
}

std::string Viewer::take() {
  std::string text;
  if (source_changed_) text += http::sse_event("", source_well_ ? "ping" : "lost", "{}");
  if (reset_) text += http::sse_event("", "reset", "{}");
  if (totals_changed_) text += http::sse_event("", "totals", totals_);
  if (has_task_news()) text += http::sse_event("", "tasks", task_news());
  source_changed_ = false;
  reset_ = false;
  totals_changed_ = false;
  forget_tasks();
  return text;
}

}  // namespace belfry::dashboard
