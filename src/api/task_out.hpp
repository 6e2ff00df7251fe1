#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "api/waiting.hpp"
#include "json/writer.hpp"
#include "store/rows.hpp"

namespace belfry::api {

enum class View { full, summary };

struct TaskDetail {
  std::vector<store::AttemptRow> attempts;
  std::vector<std::pair<Timestamp, std::string>> log_lines;
  std::optional<Waiting> waiting;
};

// The Task object: the original's field names (CONVENTIONS 1.2) and those of DESIGN section 6. A
// summary leaves out payload and result. `waiting` is told in lists and in details.
void write_task(json::Writer& w, const store::TaskRow& row, View view);
void write_task(json::Writer& w, const store::TaskRow& row, View view,
                const std::optional<Waiting>& waiting);
std::string task_json(const store::TaskRow& row, View view = View::full,
                      const TaskDetail* detail = nullptr);

// The row that a just accepted submission becomes, without asking the store.
store::TaskRow row_of(const domain::NewTask& task, domain::Status status);

// What is shown in the place of a header's value that carries a credential.
inline constexpr std::string_view kHiddenHeader = "(hidden)";
void write_target(json::Writer& w, const domain::Target& target);
void write_retry(json::Writer& w, const domain::RetryPolicy& retry);

}  // namespace belfry::api
