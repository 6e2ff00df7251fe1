#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "store/backend.hpp"

// For tests of what survives: transactions whose effects are known beforehand, and a ledger of
// those that were acknowledged.
namespace belfry::store::sqlite {

class Workload {
 public:
  using Ledger = std::map<TaskId, domain::Status>;

  // Makes the tenant on first use, then runs `rounds` of submissions, claims and ends. Leaves what
  // the store throws through, with what was being tried kept as `in_doubt`.
  void run(Backend& backend, int rounds);
  // One transaction each.
  void submit(Backend& backend, int count, std::size_t payload_bytes = 1'500);
  void claim(Backend& backend, std::size_t count);
  void finish_one(Backend& backend);
  void prune(Backend& backend);  // every finished task

  const Ledger& acknowledged() const { return acknowledged_; }
  // Why the store does not hold exactly what was acknowledged (or, all of it, what was in doubt);
  // nothing if it does. Totals must agree with the rows.
  std::string check(Backend& backend) const;
  std::size_t running() const { return running_.size(); }
  TenantId tenant() const { return tenant_; }  // of submit()

 private:
  std::vector<Job> commit(Backend& backend, std::vector<Command> commands, Ledger after);

  ManualClock clock_;
  Random random_{11};
  IdGenerator ids_{clock_, random_};
  TenantId tenant_;
  bool has_tenant_ = false;
  Ledger acknowledged_;
  std::optional<Ledger> in_doubt_;
  std::vector<Claim::Task> running_;
};

}  // namespace belfry::store::sqlite
