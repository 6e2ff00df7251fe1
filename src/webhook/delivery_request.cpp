#include "webhook/delivery_request.hpp"

#include "outbox/event_body.hpp"

namespace belfry::webhook {
namespace {

constexpr Millis kTimeout{20'000};

}  // namespace

http::OutboundRequest delivery_request(const store::DeliveryRow& delivery, http::Url url,
                                       std::vector<signing::SigningKey> keys, const Clock& clock) {
  http::OutboundRequest request;
  request.method = http::Method::post;
  request.url = std::move(url);
  request.timeout = kTimeout;
  request.pool_key = to_string(delivery.tenant);
  request.after_stale_end = http::OutboundRequest::AfterStaleEnd::report;
  request.body = outbox::with_sequence(delivery.body, delivery.sequence);
  request.headers.add("Content-Type", "application/json");
  request.headers.add("User-Agent", "Belfry");
  request.headers_at_sending = [keys = std::move(keys), id = to_string(delivery.id),
                                &clock](std::string_view body) {
    return signing::signed_headers(keys, id, clock.now(), body);
  };
  return request;
}

}  // namespace belfry::webhook
