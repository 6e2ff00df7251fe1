#include "store/conformance/bed.hpp"

namespace belfry::store::conformance {
namespace {

TEST_P(StoreConformance, SigningKeysComeInTheOrderInWhichTheySign) {
  const auto a_key = [&](const std::string& kid, Millis from_now) {
    return SigningKeyRow{kid, "sealed " + kid, bed.now(), bed.now() + from_now, {}};
  };
  const auto edit = [&](const std::function<void(SigningKeyWrites&)>& fn) {
    EXPECT_EQ(outcome(bed.transact([&](Transaction& tx) -> Result<> {
                fn(tx.signing_key_writes());
                return {};
              })),
              "ok");
  };
  const auto list = [&] { return bed.read([](Snapshot& s) { return s.signing_keys().list(); }); };
  edit([&](SigningKeyWrites& keys) {
    keys.insert(a_key("next", Millis{5'000}));
    keys.insert(a_key("now", Millis{0}));
  });
  ASSERT_EQ(list().size(), 2U);
  EXPECT_EQ(list()[0].kid, "now");
  EXPECT_EQ(list()[0].sealed_private_jwk, "sealed now");
  EXPECT_EQ(list()[1].signs_from, bed.now() + Millis{5'000});
  EXPECT_FALSE(list()[0].retired_at);
  edit([&](SigningKeyWrites& keys) { keys.retire("now", bed.now()); });
  EXPECT_EQ(list()[0].retired_at, bed.now());
  edit([&](SigningKeyWrites& keys) { keys.remove("now"); });
  ASSERT_EQ(list().size(), 1U);
  EXPECT_EQ(list()[0].kid, "next");
}

}  // namespace
}  // namespace belfry::store::conformance
