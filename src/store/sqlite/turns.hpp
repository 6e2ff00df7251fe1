#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_set>
#include <utility>
#include <vector>

namespace belfry::store::sqlite {

// When the oldest of a tenant's rows was due, and whose it is.
using Turn = std::pair<std::int64_t, std::int64_t>;

// A batch of `max` rows where more are due than that, so that nobody waits for another tenant's
// backlog: every tenant gives as many, its oldest (the longest waiting one first, should there be
// more tenants than rows), and the oldest of all fill the rest. `of_tenant(tenant, n)` reads up to
// n of a tenant's; `key_of(row)` tells rows apart.
template <class Row, class OfTenant, class KeyOf>
std::vector<Row> in_turns(std::vector<Row> oldest, std::size_t max, std::vector<Turn> turns,
                          OfTenant of_tenant, KeyOf key_of) {
  if (turns.size() < 2) return oldest;
  std::ranges::sort(turns);
  const auto each = std::max<std::size_t>(1, max / turns.size());
  std::vector<Row> batch;
  std::unordered_set<std::int64_t> taken;
  for (const auto& [due, tenant] : turns) {
    if (batch.size() == max) return batch;
    for (auto& row : of_tenant(tenant, each)) {
      taken.insert(key_of(row));
      batch.push_back(std::move(row));
    }
  }
  for (auto& row : oldest) {
    if (batch.size() == max) break;
    if (!taken.contains(key_of(row))) batch.push_back(std::move(row));
  }
  return batch;
}

}  // namespace belfry::store::sqlite
