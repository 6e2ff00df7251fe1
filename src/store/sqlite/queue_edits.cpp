#include "store/sqlite/queue_edits.hpp"

#include "base/check.hpp"
#include "domain/limits.hpp"
#include "sql.hpp"
#include "store/sqlite/columns.hpp"
#include "store/sqlite/queue_rows.hpp"

namespace belfry::store::sqlite {

namespace {

// Binds what lies between the name (or the time of creation) and the end of both statements.
class SettingsColumns {
 public:
  explicit SettingsColumns(const domain::QueueSettings& settings)
      : settings_(settings),
        target_(domain::encode(settings.default_target)),
        retry_(domain::encode(settings.retry)) {}

  void bind(Statement& s) const {
    std::optional<std::int64_t> limit, timeout;
    if (settings_.concurrency_limit) limit = *settings_.concurrency_limit;
    if (settings_.timeout) timeout = settings_.timeout->count();
    s.bind(settings_.paused ? 1 : 0).bind_text(settings_.pause_reason).bind(limit);
    s.bind_blob(target_).bind_blob(retry_).bind(timeout).bind(settings_.aging.count());
  }

 private:
  const domain::QueueSettings& settings_;
  std::string target_, retry_;
};

}  // namespace

Result<> QueueEdits::add(std::int64_t tenant_no, const std::string& name,
                         const domain::QueueSettings& settings, Timestamp now) {
  auto number = context_.db.statement(sql::queues::number_of);
  number.bind(tenant_no);
  if (number.step() && number.integer(0) >= domain::kQueuesMax) {
    return fail(ErrorCode::quota_exceeded, "the tenant has as many queues as it may have");
  }
  const SettingsColumns columns(settings);
  auto s = context_.db.statement(sql::queues::add);
  s.bind(tenant_no).bind_text(name).bind(to_ms(now));
  columns.bind(s);
  s.run();
  return {};
}

void QueueEdits::change(std::int64_t tenant_no, const std::string& name,
                        const domain::QueueSettings& settings) {
  const SettingsColumns columns(settings);
  auto s = context_.db.statement(sql::queues::change);
  s.bind(tenant_no).bind_text(name);
  columns.bind(s);
  s.run();
}

Result<domain::Queue> QueueEdits::put(TenantId tenant, const std::string& name,
                                      const domain::QueueSettings& settings, Timestamp now) {
  const auto no = context_.numbers.tenant_no(tenant);
  if (!no) return fail(ErrorCode::not_found, "no such tenant");
  if (context_.numbers.queue_no(*no, name)) {
    change(*no, name, settings);
  } else if (auto added = add(*no, name, settings, now); !added) {
    return fail(std::move(added.error()));
  }
  context_.batch->configuration_changed(tenant);
  auto s = context_.db.statement(sql::queues::find);
  s.bind(*no).bind_text(name);
  CHECK(s.step());
  return queue_from(s);
}

}  // namespace belfry::store::sqlite
