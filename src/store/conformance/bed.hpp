#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "store/backend.hpp"
#include "store/scrub_all.hpp"

// What the conformance suite needs of a store: everything goes through the seam of store/*.hpp, so
// that each driver is held to the same.
namespace belfry::store::conformance {

// Where commands take the time from.
enum class Times {
  given,  // every command carries `now`; the store's own clock goes wrong by ten minutes
  own,    // no command does
};

// A store under test. `open` makes a fresh and empty one whose own clock is the one given; it goes
// away with the Backend.
struct Subject {
  std::string name;
  std::function<std::unique_ptr<Backend>(const Clock&)> open;
  Times times = Times::given;
};
std::ostream& operator<<(std::ostream& out, const Subject& subject);

inline constexpr unsigned kAllLanes = lane_bit(domain::Lane::by_queue_default) |
                                      lane_bit(domain::Lane::push) | lane_bit(domain::Lane::worker);
inline constexpr Millis kLease{30'000};

// A store and the time that its tests live in.
class Bed {
 public:
  explicit Bed(const Subject& subject);

  Timestamp now() const { return clock_.now(); }
  std::optional<Timestamp> at() const;  // what commands carry
  Timestamp store_now() const { return store_clock_.now(); }
  void advance(Millis by);

  // --- one command in a transaction of its own; what it changed stays in `committed` ---
  template <class C>
  Result<typename C::Reply> ask(C command) {
    auto reply = run(std::move(command));
    if (!reply) return fail(std::move(reply.error()));
    return std::get<typename C::Reply>(std::move(*reply));
  }
  Result<> transact(TransactFn fn);
  std::vector<Result<Reply>> ask_all(std::vector<Command> commands);  // one transaction
  template <class F>
  auto read(F fn) -> decltype(fn(std::declval<Snapshot&>())) {
    decltype(fn(std::declval<Snapshot&>())) result{};
    reader_->read([&](Snapshot& snapshot) { result = fn(snapshot); });
    return result;
  }
  Committed committed;

  // --- given ---
  TenantId add_tenant(const domain::TenantLimits& limits = {}, const std::string& name = "acme");
  domain::NewTask a_task(TenantId tenant, const std::string& queue = "default");
  TaskId submit(const domain::NewTask& task, Outbox outbox = {});
  TaskId submit(TenantId tenant) { return submit(a_task(tenant)); }
  // A task that has come to a status, in a queue that is named after it.
  TaskId task_in(TenantId tenant, domain::Status status);
  domain::Queue put_queue(TenantId tenant, const std::string& name,
                          const domain::QueueSettings& settings = {});
  EndpointRow an_endpoint(TenantId tenant);
  EndpointId add_endpoint(const EndpointRow& endpoint);
  ApiKeyRow an_api_key(TenantId tenant);

  // --- when ---
  Claim a_claim(TenantId tenant, const std::string& queue = "default", int max = 1);
  Claim::Reply claim(const Claim& claim);
  Claim::Task claim_one(TenantId tenant, const std::string& queue = "default");
  Finish a_finish(const Claim::Task& task, Verdict verdict = Verdict::completed);
  Finish::Reply finish(const Claim::Task& task, Verdict verdict = Verdict::completed);
  Renew a_renewal(const Claim::Task& task);
  End an_end(TenantId tenant, TaskId id, domain::Status status = domain::Status::cancelled);
  int move_due();
  Result<> retry(TenantId tenant, TaskId id);
  DeliveryAttemptRow a_first_attempt();

  // --- then ---
  TaskRow row(TenantId tenant, TaskId id);  // fails the test if there is none
  domain::Status status(TenantId tenant, TaskId id) { return row(tenant, id).status; }
  StatusCounts counts(TenantId tenant);
  std::vector<DeliveryRow> deliveries(TenantId tenant, const DeliveryFilter& filter = {});

  template <class I>
  I make_id() {
    return ids_.make<I>();
  }
  Backend& backend() { return *backend_; }

 private:
  Result<Reply> run(Command command);

  Times times_;
  ManualClock clock_, store_clock_;
  Random random_{7};
  IdGenerator ids_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Reader> reader_;
};

// Tests as "given, when, then"; one suite for all nouns, so that a driver names it once.
class StoreConformance : public testing::TestWithParam<Subject> {
 protected:
  StoreConformance() : bed(GetParam()) {}
  // Whatever a test did, no statement left a row that does not fit its checksums.
  ~StoreConformance() override { EXPECT_EQ(scrub_all(bed.backend()), 0U) << "damaged rows"; }
  Bed bed;
};

// The error's name, or "ok": failures of a test then say which.
template <class T>
std::string outcome(const Result<T>& result) {
  return result ? "ok" : std::string(name(result.error().code));
}

}  // namespace belfry::store::conformance
