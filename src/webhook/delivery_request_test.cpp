#include "webhook/delivery_request.hpp"

#include <gtest/gtest.h>

namespace belfry::webhook {
namespace {

TEST(DeliveryRequest, CarriesTheSequenceAndIsSignedWhenItIsSent) {
  const std::vector keys{*signing::SigningKey::parse(signing::generate_secret().reveal()),
                         *signing::SigningKey::parse(signing::generate_secret().reveal())};
  store::DeliveryRow row;
  row.id = {{1, 2}};
  row.sequence = 4;
  row.body = R"({"type":"task.completed"})";
  ManualClock clock(from_ms(1'700'000'000'900));
  const auto request = delivery_request(row, *http::parse_url("https://a.test/x"), keys, clock);
  EXPECT_EQ(request.body, R"({"sequence":4,"type":"task.completed"})");
  EXPECT_GE(request.timeout, std::chrono::seconds{15});
  EXPECT_LE(request.timeout, std::chrono::seconds{30});
  for (int i = 0; i < 2; ++i) {
    http::Headers headers;
    for (auto& [name, value] : request.headers_at_sending(request.body)) headers.add(name, value);
    EXPECT_EQ(headers.get("webhook-id"), to_string(row.id));
    EXPECT_EQ(headers.get("webhook-timestamp"), std::to_string(to_ms(clock.now()) / 1'000));
    for (const auto& key : keys) {
      EXPECT_TRUE(signing::verify(key,
                                  {*headers.get("webhook-id"), *headers.get("webhook-timestamp"),
                                   *headers.get("webhook-signature"), request.body},
                                  clock.now(), std::chrono::seconds{1}));
    }
    clock.advance(Millis{15'000});  // looking the name up took long
  }
}

}  // namespace
}  // namespace belfry::webhook
