#include "outbox/end.hpp"

#include "base/check.hpp"
#include "outbox/event_body.hpp"

namespace belfry::outbox {
namespace {

domain::EventType event_of(domain::Status status) {
  switch (status) {
    case domain::Status::cancelled:
      return domain::EventType::cancelled;
    case domain::Status::expired:
      return domain::EventType::expired;
    default:
      CHECK(status == domain::Status::failed);
      return domain::EventType::failed;
  }
}

}  // namespace

store::End end_of(const store::TaskRow& row, domain::Status status, std::string error,
                  Timestamp now, const store::Directory& directory) {
  store::End end;
  end.tenant = row.tenant;
  end.id = row.id;
  end.status = status;
  end.error = std::move(error);
  end.now = now;
  const auto type = event_of(status);
  if (row.options.callback_url.empty() && !directory.wants(row.tenant, type)) return end;
  EventFacts facts;
  facts.type = type;
  facts.task = row.id;
  facts.tenant = row.tenant;
  facts.task_name = row.name;
  facts.queue_name = row.queue_name;
  facts.status = status;
  facts.attempt = row.attempt;
  facts.failures = row.failures;
  facts.max_attempts = row.max_attempts;
  facts.error_message = end.error;
  facts.at = now;
  facts.completed_at = now;
  facts.options = &row.options;
  end.outbox.drafts.push_back(event_draft(facts));
  end.outbox.callback_url = row.options.callback_url;
  return end;
}

}  // namespace belfry::outbox
