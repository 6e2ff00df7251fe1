#include "store/fake_backend.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/check.hpp"
#include "store/failure.hpp"

namespace belfry::store {

namespace {

[[noreturn]] void not_in_the_fake() {
  throw std::logic_error("the fake store does not know this");
}

class Tenants final : public TenantReads, public TenantWrites {
 public:
  Tenants(FakeData& data, std::set<TenantId>& changed) : data_(data), changed_(changed) {}
  std::optional<domain::Tenant> find(TenantId id) override {
    const auto found = data_.tenants.find(id);
    return found == data_.tenants.end() ? std::nullopt : std::optional(found->second);
  }
  TenantPage page_all_tenants(std::optional<TenantId>, const std::string&, int) override {
    not_in_the_fake();
  }
  std::int64_t count_all_tenants() override { not_in_the_fake(); }
  std::vector<TenantId> removing_all_tenants(int) override { not_in_the_fake(); }
  std::vector<TenantId> unused_all_tenants(Timestamp, int) override { not_in_the_fake(); }
  std::optional<TenantId> of_queue(domain::QueueNo no) override {
    for (const auto& queue : data_.queues) {
      if (queue.no == no) return queue.tenant;
    }
    return std::nullopt;
  }
  std::optional<TenantId> of_endpoint(EndpointId id) override {
    for (const auto& row : data_.endpoints) {
      if (row.id == id) return row.tenant;
    }
    return std::nullopt;
  }
  Result<> start_removal(TenantId, Timestamp) override { not_in_the_fake(); }
  bool remove_some(TenantId id, int) override {
    data_.tenants.erase(id);
    changed_.insert(id);
    return true;
  }
  void insert(const domain::Tenant& tenant) override {
    data_.tenants[tenant.id] = tenant;
    changed_.insert(tenant.id);
  }
  Result<> set_limits(TenantId id, const domain::TenantLimits& limits) override {
    data_.tenants.at(id).limits = limits;
    changed_.insert(id);
    return {};
  }
  Result<> set_suspended(TenantId, std::optional<Timestamp>, std::string) override {
    not_in_the_fake();
  }
  Result<> set_secret(TenantId, std::string, std::string, std::optional<Timestamp>) override {
    not_in_the_fake();
  }

 private:
  FakeData& data_;
  std::set<TenantId>& changed_;
};

class Queues final : public QueueReads, public QueueWrites {
 public:
  Queues(FakeData& data, std::set<TenantId>& changed) : data_(data), changed_(changed) {}
  std::optional<QueueRow> find(TenantId, const std::string&) override { not_in_the_fake(); }
  std::vector<QueueRow> list(TenantId tenant) override {
    std::vector<QueueRow> rows;
    for (const auto& queue : data_.queues) {
      if (queue.tenant == tenant) rows.emplace_back().queue = queue;
    }
    return rows;
  }
  std::vector<domain::Queue> settings(TenantId tenant) override {
    auto queues = data_.queues;
    std::erase_if(queues, [tenant](const auto& queue) { return queue.tenant != tenant; });
    return queues;
  }
  Result<domain::Queue> put(TenantId tenant, const std::string& name,
                            const domain::QueueSettings& settings, Timestamp now) override {
    changed_.insert(tenant);
    for (auto& queue : data_.queues) {
      if (queue.tenant == tenant && queue.name == name) {
        queue.settings = settings;
        return queue;
      }
    }
    auto& queue = data_.queues.emplace_back();
    queue.no.value = static_cast<std::int64_t>(data_.queues.size());
    queue.tenant = tenant;
    queue.name = name;
    queue.created_at = now;
    queue.settings = settings;
    return queue;
  }

 private:
  FakeData& data_;
  std::set<TenantId>& changed_;
};

class Endpoints final : public EndpointReads, public EndpointWrites {
 public:
  Endpoints(FakeData& data, std::set<TenantId>& changed) : data_(data), changed_(changed) {}
  std::optional<EndpointRow> find(TenantId, EndpointId) override { not_in_the_fake(); }
  std::vector<EndpointRow> list(TenantId tenant) override {
    auto rows = data_.endpoints;
    std::erase_if(rows, [tenant](const auto& row) { return row.tenant != tenant; });
    return rows;
  }
  Result<> insert(const EndpointRow& endpoint) override {
    data_.endpoints.push_back(endpoint);
    changed_.insert(endpoint.tenant);
    return {};
  }
  Result<> update(const EndpointRow&) override { not_in_the_fake(); }
  int forget_removed_all_tenants() override { not_in_the_fake(); }
  Result<> remove(TenantId tenant, EndpointId id) override {
    std::erase_if(data_.endpoints, [id](const auto& row) { return row.id == id; });
    changed_.insert(tenant);
    return {};
  }

 private:
  FakeData& data_;
  std::set<TenantId>& changed_;
};

// Serves as a snapshot, too: then `data` is a copy that nobody keeps.
class FakeTransaction final : public Transaction {
 public:
  explicit FakeTransaction(FakeData& data)
      : data_(data), tenants_(data, changed), queues_(data, changed), endpoints_(data, changed) {}

  TenantReads& tenants() override { return tenants_; }
  QueueReads& queues() override { return queues_; }
  EndpointReads& endpoints() override { return endpoints_; }
  TenantWrites& tenant_writes() override { return tenants_; }
  QueueWrites& queue_writes() override { return queues_; }
  EndpointWrites& endpoint_writes() override { return endpoints_; }
  Result<Submit::Reply> submit(const Submit& command) override {
    data_.tasks.insert(command.task.id);
    return Submit::Reply{.id = command.task.id};
  }

  TaskReads& tasks() override { not_in_the_fake(); }
  ApiKeyReads& api_keys() override { not_in_the_fake(); }
  DeliveryReads& deliveries() override { not_in_the_fake(); }
  DestinationReads& destinations() override { not_in_the_fake(); }
  MetricReads& metrics() override { not_in_the_fake(); }
  SigningKeyReads& signing_keys() override { not_in_the_fake(); }
  TaskWrites& task_writes() override { not_in_the_fake(); }
  ApiKeyWrites& api_key_writes() override { not_in_the_fake(); }
  DeliveryWrites& delivery_writes() override { not_in_the_fake(); }
  DestinationWrites& destination_writes() override { not_in_the_fake(); }
  SigningKeyWrites& signing_key_writes() override { not_in_the_fake(); }
  IdempotencyWrites& idempotency_writes() override { not_in_the_fake(); }
  Result<End::Reply> end(const End&) override { not_in_the_fake(); }

  std::set<TenantId> changed;

 private:
  FakeData& data_;
  Tenants tenants_;
  Queues queues_;
  Endpoints endpoints_;
};

struct RunCommand {
  FakeTransaction& transaction;
  FakeData& data;
  Committed& committed;

  Result<Reply> operator()(const Submit& submit) const {
    auto& change = committed.changes.emplace_back();
    change.tenant = submit.task.tenant;
    change.id = submit.task.id;
    return *transaction.submit(submit);
  }
  Result<Reply> operator()(const TransactFn& fn) const {
    const auto before = data;
    auto done = fn(transaction);
    if (done) return std::monostate{};
    data = before;
    return fail(std::move(done.error()));
  }
  template <class C>
  Result<Reply> operator()(const C&) const {
    return typename C::Reply{};
  }
};

void act_out(FakeBackend::Act act) {
  switch (act) {
    case FakeBackend::Act::commit:
    case FakeBackend::Act::lie:
      return;
    case FakeBackend::Act::busy:
      throw Unavailable("scripted: busy");
    case FakeBackend::Act::full:
      throw Full("scripted: full");
    case FakeBackend::Act::no_memory:
      throw std::bad_alloc();
    case FakeBackend::Act::broken:
      throw Broken("scripted: broken");
    case FakeBackend::Act::unknown:
      throw std::runtime_error("scripted: unknown");
  }
}

FakeBackend::Act next_of(std::deque<FakeBackend::Act>& acts) {
  if (acts.empty()) return FakeBackend::Act::commit;
  const auto act = acts.front();
  acts.pop_front();
  return act;
}

}  // namespace

struct FakeBackend::State {
  mutable std::mutex mutex;
  std::condition_variable moved;
  std::deque<Act> acts, read_acts;
  FakeData data, lied;
  std::vector<std::size_t> batches;
  bool held = false, standing = false, disk_full = false, names_changed = true;
  int reads = 0;
};

class FakeBackend::FakeWriter final : public Writer {
 public:
  explicit FakeWriter(std::shared_ptr<State> state) : state_(std::move(state)) {}

  Committed run(std::span<Job*> jobs) override {
    auto& s = *state_;
    std::unique_lock lock(s.mutex);
    s.batches.push_back(jobs.size());
    auto staged = s.data;
    FakeTransaction transaction(staged);
    Committed committed;
    for (auto* job : jobs) {
      job->reply = std::visit(RunCommand{transaction, staged, committed}, job->command);
    }
    s.standing = true;
    s.moved.notify_all();
    s.moved.wait(lock, [&s] { return !s.held; });
    s.standing = false;
    const auto act = next_of(s.acts);
    act_out(act);
    (act == Act::lie ? s.lied : s.data) = std::move(staged);
    committed.configuration_changed = !transaction.changed.empty();
    if (s.names_changed) {
      committed.changed_tenants.assign(transaction.changed.begin(), transaction.changed.end());
    }
    return committed;
  }

  bool full() override {
    const std::lock_guard lock(state_->mutex);
    return state_->disk_full;
  }

 private:
  std::shared_ptr<State> state_;
};

class FakeBackend::FakeReader final : public Reader {
 public:
  explicit FakeReader(std::shared_ptr<State> state) : state_(std::move(state)) {}

  void read(const std::function<void(Snapshot&)>& fn) override {
    std::unique_lock lock(state_->mutex);
    const auto act = next_of(state_->read_acts);
    auto data = state_->data;
    lock.unlock();
    act_out(act);
    FakeTransaction snapshot(data);
    fn(snapshot);
    lock.lock();
    ++state_->reads;
  }

 private:
  std::shared_ptr<State> state_;
};

FakeBackend::FakeBackend()
    : state_(std::make_shared<State>()), writer_(std::make_unique<FakeWriter>(state_)) {}
FakeBackend::~FakeBackend() = default;

Writer& FakeBackend::writer() {
  return *writer_;
}
std::unique_ptr<Reader> FakeBackend::make_reader() {
  return std::make_unique<FakeReader>(state_);
}
StoreFacts FakeBackend::facts() {
  StoreFacts facts;
  facts.kind = "fake";
  facts.durability = "none";
  return facts;
}

void FakeBackend::script(std::vector<Act> acts) {
  const std::lock_guard lock(state_->mutex);
  state_->acts.assign(acts.begin(), acts.end());
}
void FakeBackend::script_reads(std::vector<Act> acts) {
  const std::lock_guard lock(state_->mutex);
  state_->read_acts.assign(acts.begin(), acts.end());
}
void FakeBackend::set_disk_full(bool full) {
  const std::lock_guard lock(state_->mutex);
  state_->disk_full = full;
}
void FakeBackend::name_changed_tenants(bool names) {
  const std::lock_guard lock(state_->mutex);
  state_->names_changed = names;
}
void FakeBackend::hold() {
  const std::lock_guard lock(state_->mutex);
  state_->held = true;
}
void FakeBackend::release() {
  const std::lock_guard lock(state_->mutex);
  state_->held = false;
  state_->moved.notify_all();
}
void FakeBackend::await_held() {
  std::unique_lock lock(state_->mutex);
  state_->moved.wait(lock, [this] { return state_->standing; });
}
void FakeBackend::tell_the_truth() {
  const std::lock_guard lock(state_->mutex);
  state_->data = state_->lied;
}
bool FakeBackend::has(TaskId id) const {
  const std::lock_guard lock(state_->mutex);
  return state_->data.tasks.contains(id);
}
std::vector<std::size_t> FakeBackend::batches() const {
  const std::lock_guard lock(state_->mutex);
  return state_->batches;
}
int FakeBackend::reads() const {
  const std::lock_guard lock(state_->mutex);
  return state_->reads;
}

}  // namespace belfry::store
