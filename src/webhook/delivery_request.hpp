#pragma once

#include <vector>

#include "http/client.hpp"
#include "signing/webhook_signature.hpp"
#include "store/rows.hpp"

namespace belfry::webhook {

// One attempt of a delivery: the event with its sequence number, signed when it is sent (Standard
// Webhooks). The clock outlives the call.
http::OutboundRequest delivery_request(const store::DeliveryRow& delivery, http::Url url,
                                       std::vector<signing::SigningKey> keys, const Clock& clock);

}  // namespace belfry::webhook
