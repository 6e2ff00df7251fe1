#include "api/submission.hpp"

#include "outbox/event_body.hpp"

namespace belfry::api {

store::Submit submit_command(domain::NewTask task, const Services& services) {
  store::Submit command;
  if (services.directory.wants(task.tenant, domain::EventType::submitted)) {
    outbox::EventFacts facts;
    facts.type = domain::EventType::submitted;
    facts.task = task.id;
    facts.tenant = task.tenant;
    facts.task_name = task.name;
    facts.queue_name = task.queue;
    const bool later = task.scheduled_for && *task.scheduled_for > task.submitted_at;
    facts.status = later ? domain::Status::scheduled : domain::Status::pending;
    facts.max_attempts = task.max_attempts;
    facts.at = task.submitted_at;
    facts.options = &task.options;
    command.outbox.drafts.push_back(outbox::event_draft(facts));
  }
  command.task = std::move(task);
  return command;
}

store::TaskRow as_submitted(store::TaskRow row) {
  row.run = 1;
  row.attempt = 0;
  row.failures = 0;
  row.started_at.reset();
  row.finished_at.reset();
  row.next_at.reset();
  row.result.clear();
  row.error.clear();
  row.worker.clear();
  row.progress_percent.reset();
  row.progress_text.clear();
  return row;
}

}  // namespace belfry::api
