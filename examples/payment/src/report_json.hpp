#pragma once

#include "belfry/json.hpp"
#include "reconcile.hpp"

namespace payment {

// The counts of each finding, and by currency what matched and how far the files are apart.
belfry::client::Json summary_json(const Report& report);
// The summary, and each finding with its rows and its differences.
belfry::client::Json report_json(const Report& report);

}  // namespace payment
