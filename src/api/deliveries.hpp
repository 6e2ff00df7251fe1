#pragma once

#include <string>

#include "api/route.hpp"
#include "store/rows.hpp"

namespace belfry::api {

// Deliveries of a tenant: list (by endpoint, task or state), one with its attempts, redeliver.
Routes delivery_routes();
std::string delivery_json(const store::DeliveryRow& row);

}  // namespace belfry::api
