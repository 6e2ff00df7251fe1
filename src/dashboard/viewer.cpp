#include "dashboard/viewer.hpp"

#include "http/sse.hpp"
#include "json/writer.hpp"

namespace belfry::dashboard {

void Viewer::watch(std::unordered_set<std::string> ids, bool tasks) {
  watched_ = std::move(ids);
  wants_tasks_ = tasks;
  std::erase_if(changed_, [this](const auto& one) { return !watched_.contains(one.first); });
}

void Viewer::on_totals(const std::string& counts) {
  if (counts == totals_) return;
  totals_ = counts;
  totals_changed_ = true;
  wake.notify();
}

void Viewer::on_task(const std::string& task_id, const std::string& change, bool fresh) {
  if (!wants_tasks_) return;
  if (watched_.contains(task_id)) {
    changed_.insert_or_assign(task_id, change);
  } else {
    ++(fresh ? arrived_ : moved_);
  }
  wake.notify();
}

void Viewer::on_reset() {
  reset_ = true;
  changed_.clear();
  arrived_ = moved_ = 0;
  wake.notify();
}

void Viewer::on_source(bool well) {
  if (well == source_well_) return;
  source_well_ = well;
  source_changed_ = true;
  wake.notify();
}

bool Viewer::has_news() const {
  return source_changed_ || reset_ || totals_changed_ || arrived_ > 0 || moved_ > 0 ||
         !changed_.empty();
}

std::string Viewer::take() {
  std::string text;
  if (source_changed_) text += http::sse_event("", source_well_ ? "ping" : "lost", "{}");
  if (reset_) text += http::sse_event("", "reset", "{}");
  if (totals_changed_) text += http::sse_event("", "totals", totals_);
  if (arrived_ > 0 || moved_ > 0 || !changed_.empty()) {
    std::string data;
    json::Writer w(data);
    w.begin_object();
    w.key("changed").begin_array();
    for (const auto& [id, change] : changed_) w.raw(change);
    w.end_array();
    w.key("arrived").number(arrived_);
    w.key("moved").number(moved_);
    w.end_object();
    text += http::sse_event("", "tasks", data);
  }
  source_changed_ = false;
  reset_ = false;
  totals_changed_ = false;
  arrived_ = moved_ = 0;
  changed_.clear();
  return text;
}

}  // namespace belfry::dashboard
