#pragma once

#include <span>

#include "http/client.hpp"
#include "signing/webhook_signature.hpp"
#include "store/rows.hpp"

namespace belfry::webhook {

// One attempt of a delivery: the event with its sequence number, signed afresh (Standard Webhooks).
http::OutboundRequest delivery_request(const store::DeliveryRow& delivery, http::Url url,
                                       std::span<const signing::SigningKey> keys, Timestamp now);

}  // namespace belfry::webhook
