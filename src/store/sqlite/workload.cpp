#include "store/sqlite/workload.hpp"

#include "base/check.hpp"

namespace belfry::store::sqlite {

using domain::Status;

namespace {

Workload::Ledger read_all(Snapshot& snapshot, TenantId tenant) {
  Workload::Ledger found;
  std::optional<TaskId> before;
  do {
    const auto page = snapshot.tasks().query(tenant, {}, before, 10'000, false);
    for (const auto& row : page.tasks) found[row.id] = row.status;
    before = page.next;
  } while (before);
  return found;
}

bool totals_agree(Snapshot& snapshot, TenantId tenant, const Workload::Ledger& rows) {
  const auto counts = snapshot.metrics().counts(tenant);
  StatusCounts recount;
  for (const auto& [id, status] : rows) ++recount[status];
  for (int i = 0; i < domain::kStatusCount; ++i) {
    if (counts.of[i] != recount.of[i]) return false;
  }
  return true;
}

// One delivery for each completed task and none besides.
bool deliveries_agree(Snapshot& snapshot, TenantId tenant, const Workload::Ledger& rows) {
  std::size_t completed = 0;
  for (const auto& [id, status] : rows) {
    if (status != Status::completed) continue;
    ++completed;
    if (snapshot.deliveries().list(tenant, {.task = id}, {}, 10).size() != 1) return false;
  }
  return completed == 0 || snapshot.deliveries().list(tenant, {}, {}, 1'000).size() == completed;
}

}  // namespace

std::vector<Job> Workload::commit(Backend& backend, std::vector<Command> commands, Ledger after) {
  std::vector<Job> jobs;
  for (auto& command : commands) jobs.push_back({.command = std::move(command)});
  std::vector<Job*> pointers;
  for (auto& job : jobs) pointers.push_back(&job);
  in_doubt_ = after;
  backend.writer().run(pointers);
  in_doubt_.reset();
  for (const auto& job : jobs) CHECK(job.reply.has_value());
  acknowledged_ = std::move(after);
  return jobs;
}

void Workload::submit(Backend& backend, int count, std::size_t payload_bytes) {
  if (!has_tenant_) {
    domain::Tenant tenant;
    tenant.id = tenant_ = ids_.make<TenantId>();
    tenant.name = "acme";
    tenant.created_at = clock_.now();
    std::vector<Command> one;
    one.emplace_back(TransactFn([tenant](Transaction& tx) -> Result<> {
      tx.tenant_writes().insert(tenant);
      return {};
    }));
    commit(backend, std::move(one), {});
    has_tenant_ = true;
  }
  clock_.advance(Millis{1});
  std::vector<Command> commands;
  auto after = acknowledged_;
  for (int i = 0; i < count; ++i) {
    Submit submit;
    submit.task.id = ids_.make<TaskId>();
    submit.task.tenant = tenant_;
    submit.task.name = "mail";
    submit.task.payload = '"' + std::string(payload_bytes, 'x') + '"';
    submit.task.submitted_at = clock_.now();
    after[submit.task.id] = Status::pending;
    commands.emplace_back(std::move(submit));
  }
  commit(backend, std::move(commands), std::move(after));
}

void Workload::claim(Backend& backend, std::size_t count) {
  domain::QueueNo queue;
  backend.make_reader()->read(
      [&](Snapshot& s) { queue = s.queues().find(tenant_, "default")->queue.no; });
  // The elder first: all have one priority.
  auto after = acknowledged_;
  std::size_t taken = 0;
  for (auto& [id, status] : after) {
    if (status != Status::pending || taken == count) continue;
    status = Status::running;
    ++taken;
  }
  Claim claim;
  claim.queue = queue;
  claim.lanes = lane_bit(domain::Lane::by_queue_default);
  claim.max = static_cast<int>(count);
  claim.now = clock_.now();
  const auto jobs = commit(backend, {claim}, std::move(after));
  for (const auto& task : std::get<Claim::Reply>(*jobs[0].reply).tasks) running_.push_back(task);
}

void Workload::finish_one(Backend& backend) {
  Finish finish;
  finish.tenant = tenant_;
  finish.id = running_.back().id;
  finish.token = running_.back().token;
  finish.result = '"' + std::string(200, 'r') + '"';
  finish.outbox = {{{domain::EventType::completed, "{}"}}, "https://example.com/done"};
  finish.now = clock_.now();
  auto after = acknowledged_;
  after[finish.id] = Status::completed;
  commit(backend, {finish}, std::move(after));
  running_.pop_back();
}

void Workload::prune(Backend& backend) {
  clock_.advance(Millis{1'000});
  auto after = acknowledged_;
  std::erase_if(after, [](const auto& task) { return domain::is_terminal(task.second); });
  std::vector<Command> one;
  one.emplace_back(TransactFn([now = clock_.now()](Transaction& tx) -> Result<> {
    tx.task_writes().prune_all_tenants(now, 10'000);
    return {};
  }));
  commit(backend, std::move(one), std::move(after));
}

void Workload::run(Backend& backend, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    submit(backend, 4);
    claim(backend, 2);
    finish_one(backend);
    End end;
    end.tenant = tenant_;
    end.id = running_.back().id;
    end.now = clock_.now();
    running_.pop_back();
    auto after = acknowledged_;
    after[end.id] = Status::cancelled;
    commit(backend, {end}, std::move(after));
  }
}

std::string Workload::check(Backend& backend) const {
  std::string fault;
  backend.make_reader()->read([&](Snapshot& snapshot) {
    const auto found = read_all(snapshot, tenant_);
    if (!totals_agree(snapshot, tenant_, found)) fault = "the totals are not those of the rows";
    if (has_tenant_ && !snapshot.tenants().find(tenant_)) fault = "the tenant is gone";
    if (!deliveries_agree(snapshot, tenant_, found)) fault = "an outcome without its delivery";
    if (found == acknowledged_ || (in_doubt_ && found == *in_doubt_)) return;
    fault = "acknowledged " + std::to_string(acknowledged_.size()) + " tasks, found " +
            std::to_string(found.size()) + ", or other states";
  });
  return fault;
}

}  // namespace belfry::store::sqlite
