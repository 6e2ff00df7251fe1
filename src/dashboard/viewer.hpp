#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "async/wake_up.hpp"
#include "dashboard/event_reader.hpp"
#include "dashboard/sessions.hpp"

namespace belfry::dashboard {

// What the scheduler told of one task.
struct TaskNews {
  std::string_view id;
  std::string_view status;
  std::string_view queue;  // empty if unknown
  std::string_view json;   // the whole event
  bool submitted = false;  // it did not exist before
};

// What a list on a page asks for, as far as an event can tell: its conditions on names, tags or
// text are the page's to judge. Empty: any.
struct WatchedList {
  std::unordered_set<std::string> statuses;
  std::unordered_set<std::string> queues;

  bool holds(const TaskNews& task) const;
  // Whether the news puts a task into the list. One that changes inside a list of all statuses does
  // not: it stood there before.
  bool gains(const TaskNews& task) const;
};

struct Watch {
  std::unordered_set<std::string> ids;  // on screen
  std::vector<WatchedList> lists;
  bool tasks = false;  // news of tasks is wanted at all
};

// One page that listens: what it shows, and what it has yet to be told. News is merged here until
// it is sent, so that a slow page costs no memory: the last state of each task on screen and of
// some that its lists gained, numbers for the rest, the last totals.
class Viewer {
 public:
  static constexpr std::size_t kWatchedMax = 500;
  static constexpr std::size_t kListsMax = 32;
  // A message names at most so many tasks that are not on screen.
  static constexpr std::size_t kNamedMax = 200;
  // So many that lists gained are followed, to tell when they leave again.
  static constexpr std::size_t kFollowedMax = 2'000;
  // Numbers for the rest are kept by status and queue; beyond so many kinds the queue is left out.
  static constexpr std::size_t kKindsMax = 64;

  Viewer(std::string id, std::shared_ptr<Session> session, boost::asio::any_io_executor executor)
      : wake(executor), id_(std::move(id)), session_(std::move(session)) {}

  // From now on.
  void watch(Watch watch);
  void on_totals(const std::string& counts);
  void on_task(const TaskNews& task);
  void on_reset();
  // Whether news comes at all: a page must not look live while the scheduler is out of reach.
  void on_source(bool well);
  bool source_well() const { return source_well_; }
  bool has_news() const;
  // All of it as server-sent events; afterwards there is none.
  std::string take();

  const std::string& id() const { return id_; }
  bool wants_tasks() const { return watch_.tasks; }
  const std::shared_ptr<Session>& session() const { return session_; }

  async::WakeUp wake;

 private:
  struct Change {
    std::string json;
    bool submitted = false;
    bool for_lists = false;  // told whether or not it is on screen
  };
  using Kind = std::tuple<std::string, std::string, bool>;  // status, queue, submitted

  void note(const TaskNews& task, bool for_lists);
  void count(const TaskNews& task);
  bool has_task_news() const { return !changed_.empty() || !more_.empty(); }
  std::string task_news() const;
  void forget_tasks();

  std::string id_;
  std::shared_ptr<Session> session_;
  Watch watch_;
  std::map<std::string, Change> changed_;  // by task, since the last message
  std::size_t named_ = 0;                  // of `changed_`: for lists
  std::map<Kind, std::int64_t> more_;      // gained by lists and not in `changed_`
  std::unordered_set<std::string> followed_;
  std::string totals_;
  bool totals_changed_ = false;
  bool reset_ = false;
  bool source_well_ = true;
  bool source_changed_ = false;
};

}  // namespace belfry::dashboard
