#include "webhook/delivery_request.hpp"

#include <gtest/gtest.h>

namespace belfry::webhook {
namespace {

TEST(DeliveryRequest, CarriesTheSequenceAndIsSignedForThisAttempt) {
  const std::vector keys{*signing::SigningKey::parse(signing::generate_secret().reveal()),
                         *signing::SigningKey::parse(signing::generate_secret().reveal())};
  store::DeliveryRow row;
  row.id = {{1, 2}};
  row.sequence = 4;
  row.body = R"({"type":"task.completed"})";
  for (const auto now : {from_ms(1'700'000'000'900), from_ms(1'700'000'060'000)}) {
    const auto request = delivery_request(row, *http::parse_url("https://a.test/x"), keys, now);
    EXPECT_EQ(request.body, R"({"sequence":4,"type":"task.completed"})");
    EXPECT_GE(request.timeout, std::chrono::seconds{15});
    EXPECT_LE(request.timeout, std::chrono::seconds{30});
    EXPECT_EQ(request.headers.get("webhook-id"), to_string(row.id));
    EXPECT_EQ(request.headers.get("webhook-timestamp"), std::to_string(to_ms(now) / 1'000));
    for (const auto& key : keys) {
      EXPECT_TRUE(signing::verify(
          key,
          {*request.headers.get("webhook-id"), *request.headers.get("webhook-timestamp"),
           *request.headers.get("webhook-signature"), request.body},
          now, std::chrono::seconds{1}));
    }
  }
}

}  // namespace
}  // namespace belfry::webhook
