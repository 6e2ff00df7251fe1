#include "webhook/delivery_request.hpp"

#include <fmt/format.h>

#include "outbox/event_body.hpp"

namespace belfry::webhook {
namespace {

constexpr Millis kTimeout{20'000};

}  // namespace

http::OutboundRequest delivery_request(const store::DeliveryRow& delivery, http::Url url,
                                       std::span<const signing::SigningKey> keys, Timestamp now) {
  http::OutboundRequest request;
  request.method = http::Method::post;
  request.url = std::move(url);
  request.timeout = kTimeout;
  request.pool_key = to_string(delivery.tenant);
  request.body = outbox::with_sequence(delivery.body, delivery.sequence);
  const auto id = to_string(delivery.id);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  auto& headers = request.headers;
  headers.add("Content-Type", "application/json");
  headers.add("User-Agent", "Belfry");
  headers.add("webhook-id", id);
  headers.add("webhook-timestamp", fmt::format("{}", seconds.time_since_epoch().count()));
  headers.add("webhook-signature", signing::sign(keys, id, seconds, request.body));
  return request;
}

}  // namespace belfry::webhook
