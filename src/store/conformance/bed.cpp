#include "store/conformance/bed.hpp"

#include <utility>

#include "base/check.hpp"

namespace belfry::store::conformance {

namespace {

// So far is the store's own clock behind when commands carry the time.
constexpr std::chrono::minutes kWrongBy{10};
constexpr Timestamp kStart{Millis{1'700'000'000'000}};

}  // namespace

std::ostream& operator<<(std::ostream& out, const Subject& subject) {
  return out << subject.name << (subject.times == Times::given ? "_given_time" : "_own_time");
}

Bed::Bed(const Subject& subject)
    : times_(subject.times),
      clock_(kStart),
      store_clock_(subject.times == Times::own ? kStart : kStart - kWrongBy),
      ids_(clock_, random_),
      backend_(subject.open(store_clock_)),
      reader_(backend_->make_reader()) {}

std::optional<Timestamp> Bed::at() const {
  return times_ == Times::given ? std::optional(now()) : std::nullopt;
}

void Bed::advance(Millis by) {
  clock_.advance(by);
  store_clock_.advance(by);
}

Result<Reply> Bed::run(Command command) {
  std::vector<Command> one;
  one.push_back(std::move(command));
  return std::move(ask_all(std::move(one)).front());
}

Result<> Bed::transact(TransactFn fn) {
  auto reply = run(std::move(fn));
  if (!reply) return fail(std::move(reply.error()));
  return {};
}

std::vector<Result<Reply>> Bed::ask_all(std::vector<Command> commands) {
  std::vector<Job> jobs;
  for (auto& command : commands) jobs.push_back({.command = std::move(command)});
  std::vector<Job*> pointers;
  for (auto& job : jobs) pointers.push_back(&job);
  committed = backend_->writer().run(pointers);
  std::vector<Result<Reply>> replies;
  for (auto& job : jobs) replies.push_back(std::move(job.reply));
  return replies;
}

TenantId Bed::add_tenant(const domain::TenantLimits& limits, const std::string& name) {
  domain::Tenant tenant;
  tenant.id = make_id<TenantId>();
  tenant.name = name;
  tenant.created_at = now();
  tenant.limits = limits;
  tenant.sealed_secret = "sealed";
  const auto done = transact([&](Transaction& tx) -> Result<> {
    tx.tenant_writes().insert(tenant);
    return {};
  });
  EXPECT_EQ(outcome(done), "ok");
  return tenant.id;
}

domain::NewTask Bed::a_task(TenantId tenant, const std::string& queue) {
  domain::NewTask task;
  task.id = make_id<TaskId>();
  task.tenant = tenant;
  task.queue = queue;
  task.name = "mail";
  task.payload = R"({"to":"ann"})";
  task.submitted_at = now();
  return task;
}

TaskId Bed::submit(const domain::NewTask& task, Outbox outbox) {
  const auto reply = ask(Submit{task, {}, std::move(outbox)});
  EXPECT_EQ(outcome(reply), "ok");
  return task.id;
}

TaskId Bed::task_in(TenantId tenant, domain::Status status) {
  using domain::Status;
  auto task = a_task(tenant, std::string(domain::name(status)));
  if (status == Status::scheduled) task.scheduled_for = now() + std::chrono::hours(9);
  if (status == Status::expired) task.expires_at = now() + Millis{1};
  submit(task);
  if (status == Status::running) claim_one(tenant, task.queue);
  if (status == Status::completed) finish(claim_one(tenant, task.queue));
  if (status == Status::failed) finish(claim_one(tenant, task.queue), Verdict::failed);
  if (status == Status::expired) advance(Millis{1});
  if (status == Status::expired || status == Status::cancelled) {
    EXPECT_EQ(outcome(ask(an_end(tenant, task.id, status))), "ok");
  }
  EXPECT_EQ(this->status(tenant, task.id), status);
  return task.id;
}

domain::Queue Bed::put_queue(TenantId tenant, const std::string& name,
                             const domain::QueueSettings& settings) {
  domain::Queue queue;
  const auto done = transact([&](Transaction& tx) -> Result<> {
    auto put = tx.queue_writes().put(tenant, name, settings, now());
    if (!put) return fail(put.error());
    queue = *put;
    return {};
  });
  EXPECT_EQ(outcome(done), "ok");
  return queue;
}

EndpointRow Bed::an_endpoint(TenantId tenant) {
  EndpointRow endpoint;
  endpoint.id = make_id<EndpointId>();
  endpoint.tenant = tenant;
  endpoint.url = "https://example.com/hook";
  endpoint.sealed_secret = "sealed";
  endpoint.created_at = now();
  return endpoint;
}

EndpointId Bed::add_endpoint(const EndpointRow& endpoint) {
  const auto done =
      transact([&](Transaction& tx) { return tx.endpoint_writes().insert(endpoint); });
  EXPECT_EQ(outcome(done), "ok");
  return endpoint.id;
}

ApiKeyRow Bed::an_api_key(TenantId tenant) {
  ApiKeyRow key;
  key.id = make_id<ApiKeyId>();
  key.tenant = tenant;
  key.name = "ci";
  key.prefix = "bfk_abcd";
  key.hash = std::string(16, 'h') + to_string(key.id).substr(20, 16);
  key.scopes = 3;
  key.created_at = now();
  return key;
}

Claim Bed::a_claim(TenantId tenant, const std::string& queue, int max) {
  const auto found = read([&](Snapshot& s) { return s.queues().find(tenant, queue); });
  Claim claim;
  claim.queue = found ? found->queue.no : domain::QueueNo{};
  claim.lanes = kAllLanes;
  claim.max = max;
  claim.lease = kLease;
  claim.kind = LeaseKind::worker;
  claim.holder = "w1";
  claim.now = at();
  return claim;
}

Claim::Reply Bed::claim(const Claim& claim) {
  auto reply = ask(claim);
  EXPECT_EQ(outcome(reply), "ok");
  return reply ? std::move(*reply) : Claim::Reply{};
}

Claim::Task Bed::claim_one(TenantId tenant, const std::string& queue) {
  auto reply = claim(a_claim(tenant, queue));
  EXPECT_EQ(reply.tasks.size(), 1U);
  return reply.tasks.empty() ? Claim::Task{} : std::move(reply.tasks.front());
}

Finish Bed::a_finish(const Claim::Task& task, Verdict verdict) {
  Finish finish;
  finish.tenant = task.tenant;
  finish.id = task.id;
  finish.token = task.token;
  finish.verdict = verdict;
  if (verdict == Verdict::completed) {
    finish.result = R"({"ok":true})";
  } else if (verdict != Verdict::released) {
    finish.error = "it broke";
  }
  finish.now = at();
  return finish;
}

Finish::Reply Bed::finish(const Claim::Task& task, Verdict verdict) {
  const auto reply = ask(a_finish(task, verdict));
  EXPECT_EQ(outcome(reply), "ok");
  return reply ? *reply : Finish::Reply{};
}

Renew Bed::a_renewal(const Claim::Task& task) {
  Renew renew;
  renew.tenant = task.tenant;
  renew.id = task.id;
  renew.token = task.token;
  renew.extend = kLease;
  renew.now = at();
  return renew;
}

End Bed::an_end(TenantId tenant, TaskId id, domain::Status status) {
  End end;
  end.tenant = tenant;
  end.id = id;
  end.status = status;
  end.now = at();
  return end;
}

int Bed::move_due() {
  const auto reply = ask(MoveDue{1'000, at()});
  EXPECT_EQ(outcome(reply), "ok");
  return reply ? reply->moved : 0;
}

Result<> Bed::retry(TenantId tenant, TaskId id) {
  return transact(
      [&](Transaction& tx) { return tx.task_writes().start_new_run(tenant, id, now()); });
}

DeliveryAttemptRow Bed::a_first_attempt() {
  DeliveryAttemptRow attempt;
  attempt.number = 1;
  attempt.at = now();
  return attempt;
}

TaskRow Bed::row(TenantId tenant, TaskId id) {
  auto found = read([&](Snapshot& s) { return s.tasks().find(tenant, id); });
  EXPECT_TRUE(found.has_value()) << "no task " << to_string(id);
  return found ? std::move(*found) : TaskRow{};
}

StatusCounts Bed::counts(TenantId tenant) {
  return read([&](Snapshot& s) { return s.metrics().counts(tenant); });
}

std::vector<DeliveryRow> Bed::deliveries(TenantId tenant, const DeliveryFilter& filter) {
  return read([&](Snapshot& s) { return s.deliveries().list(tenant, filter, {}, 1'000); });
}

}  // namespace belfry::store::conformance
