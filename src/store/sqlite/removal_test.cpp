#include <fmt/format.h>
#include <gtest/gtest.h>

#include "store/conformance/bed.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/temporary_folder.hpp"

// A removed tenant leaves no row in the file, whatever its neighbours have.
namespace belfry::store::sqlite {
namespace {

using conformance::Bed;
using conformance::outcome;

// Everything that hangs on a tenant, three times.
void fill(Bed& bed, TenantId tenant, const std::string& key) {
  bed.add_endpoint(bed.an_endpoint(tenant));
  for (int i = 0; i < 3; ++i) {
    const Outbox outbox{{{domain::EventType::completed, "{}"}}, "http://a/"};
    const auto suffix = std::to_string(i);
    auto task = bed.a_task(tenant);
    task.name += suffix;
    bed.submit(task, outbox);
    const auto failed = bed.claim_one(tenant);
    auto renew = bed.a_renewal(failed);
    renew.progress = Progress{1, "x", {"line"}};
    EXPECT_EQ(outcome(bed.ask(renew)), "ok");
    bed.finish(failed, Verdict::retry);
    bed.finish(bed.claim_one(tenant));
    const auto delivery = bed.deliveries(tenant).at(0).id;
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                tx.idempotency_writes().insert(tenant, key + suffix, {"f", 200, "{}"}, bed.now());
                tx.delivery_writes().record_attempt(delivery, bed.a_first_attempt(),
                                                    DeliveryState::delivered, {});
                DestinationRow row;
                row.name = {tenant, "http://a:80", "/" + key + suffix};
                row.node = "n";
                tx.destination_writes().put_state(row);
                return tx.api_key_writes().insert(bed.an_api_key(tenant));
              })),
              "ok");
  }
}

using Counts = std::map<std::string, std::int64_t>;

// Rows by table; `condition` holds "{}" for the table's name.
Counts count(Database& db, const std::string& tables, const std::string& condition) {
  std::vector<std::string> names;
  auto table = db.composed_statement(tables);
  while (table.step()) names.emplace_back(table.text(0));
  Counts counts;
  for (const auto& name : names) {
    auto row =
        db.composed_statement(fmt::format("SELECT count(*) FROM {} WHERE {}", name, condition));
    if (row.step() && row.integer(0) > 0) counts[name] = row.integer(0);
  }
  return counts;
}

std::string tables_with(const std::string& column) {
  return "SELECT m.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c "
         "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND c.name = '" +
         column + "'";
}

TEST(RemovalTest, ARemovedTenantLeavesNoRowAndItsNeighboursKeepTheirs) {
  const TemporaryFolder folder;
  const auto of_tenant = tables_with("tenant");
  Counts before;
  {
    Bed bed({"sqlite", [&](const Clock& clock) { return open(folder.options(&clock)); }});
    const auto elder = bed.add_tenant(), gone = bed.add_tenant(), younger = bed.add_tenant();
    fill(bed, elder, "a");
    fill(bed, gone, "b");
    fill(bed, younger, "c");
    {
      Database db(folder.file(), Access::read_only, 1024 * 1024);
      before = count(db, of_tenant, "tenant <> 2");
      EXPECT_EQ(before, count(db, of_tenant, "tenant <> 1")) << "all have the same";
      EXPECT_GE(before.size(), 9U);
    }
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) {
                return tx.tenant_writes().start_removal(gone, bed.now());
              })),
              "ok");
    bool done = false;
    for (int i = 0; i < 100 && !done; ++i) {
      EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                  done = tx.tenant_writes().remove_some(gone, 2);
                  return {};
                })),
                "ok");
    }
    ASSERT_TRUE(done);
  }
  Database db(folder.file(), Access::read_only, 1024 * 1024);
  EXPECT_EQ(count(db, of_tenant, "tenant = 2"), Counts{});
  EXPECT_EQ(count(db, of_tenant, "tenant <> 2"), before);
  EXPECT_EQ(count(db, tables_with("seq"), "seq > 0 AND seq NOT IN (SELECT seq FROM bodies)"),
            Counts{});
  EXPECT_EQ(count(db, tables_with("delivery"), "delivery NOT IN (SELECT no FROM deliveries)"),
            Counts{});
  EXPECT_EQ(
      count(db, tables_with("destination"), "destination NOT IN (SELECT no FROM destinations)"),
      Counts{});
}

}  // namespace
}  // namespace belfry::store::sqlite
