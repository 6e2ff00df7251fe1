#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "store/backend.hpp"

// Test support: a backend in memory whose commits can be held and whose failures are scripted. It
// knows tasks by id only, and tenants, queues and endpoints as the directory reads them.
namespace belfry::store {

struct FakeData {
  std::set<TaskId> tasks;
  std::map<TenantId, domain::Tenant> tenants;
  std::vector<domain::Queue> queues;
  std::vector<EndpointRow> endpoints;
};

class FakeBackend final : public Backend {
 public:
  // What a transaction does at its end. `lie`: reports success before anything is there, the
  // planted fault that tests must catch; `tell_the_truth` makes up for it.
  enum class Act { commit, busy, full, broken, no_memory, unknown, lie };

  FakeBackend();
  ~FakeBackend() override;

  Writer& writer() override;
  std::unique_ptr<Reader> make_reader() override;
  StoreFacts facts() override;

  void script(std::vector<Act> acts);  // for the next transactions, then they commit again
  void script_reads(std::vector<Act> acts);
  void set_disk_full(bool full);
  void name_changed_tenants(bool names);  // whether Committed::changed_tenants is filled in
  void hold();                            // transactions stop before they commit
  void release();
  void await_held();  // until a transaction stands there
  void tell_the_truth();

  bool has(TaskId id) const;                 // committed
  std::vector<std::size_t> batches() const;  // sizes of all transactions tried
  int reads() const;                         // how many went well

 private:
  struct State;
  class FakeWriter;
  class FakeReader;
  std::shared_ptr<State> state_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace belfry::store
