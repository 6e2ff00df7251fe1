#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>

#include "async/wake_up.hpp"
#include "dashboard/event_reader.hpp"
#include "dashboard/sessions.hpp"

namespace belfry::dashboard {

// One page that listens: what it shows, and what it has yet to be told. News is merged here until
// it is sent, so that a slow page costs no memory: one state a task on screen, a number for the
// rest, the last totals.
class Viewer {
 public:
  static constexpr std::size_t kWatchedMax = 500;

  Viewer(std::string id, std::shared_ptr<Session> session, boost::asio::any_io_executor executor)
      : wake(executor), id_(std::move(id)), session_(std::move(session)) {}

  // From now on: these tasks are on screen; `tasks`: news of tasks is wanted at all.
  void watch(std::unordered_set<std::string> ids, bool tasks);
  void on_totals(const std::string& counts);
  // `fresh`: it was just submitted.
  void on_task(const std::string& task_id, const std::string& change, bool fresh);
  void on_reset();
  // Whether news comes at all: a page must not look live while the scheduler is out of reach.
  void on_source(bool well);
  bool source_well() const { return source_well_; }
  bool has_news() const;
  // All of it as server-sent events; afterwards there is none.
  std::string take();

  const std::string& id() const { return id_; }
  bool wants_tasks() const { return wants_tasks_; }
  const std::shared_ptr<Session>& session() const { return session_; }

  async::WakeUp wake;

 private:
  std::string id_;
  std::shared_ptr<Session> session_;
  std::unordered_set<std::string> watched_;
  bool wants_tasks_ = false;
  std::map<std::string, std::string> changed_;  // by task: its last change, as JSON
  std::int64_t arrived_ = 0;                    // submitted since the last message
  std::int64_t moved_ = 0;                      // others that changed and are not on screen
  std::string totals_;
  bool totals_changed_ = false;
  bool reset_ = false;
  bool source_well_ = true;
  bool source_changed_ = false;
};

}  // namespace belfry::dashboard
