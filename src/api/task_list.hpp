#pragma once

#include <boost/asio/awaitable.hpp>

#include "api/body.hpp"
#include "api/route.hpp"
#include "store/rows.hpp"

namespace belfry::api {

// GET /api/v1/tasks: a bare array, newest first, the next page in `Link` (CONVENTIONS 1.1, 2.10).
boost::asio::awaitable<Result<http::Response>> list_tasks(Call call);

// GET /api/v1/tasks/upcoming: SCHEDULED ones, the next due first; summaries, one page of them.
boost::asio::awaitable<Result<http::Response>> upcoming_tasks(Call call);

// What the list's query parameters ask for; invalid_query otherwise.
Result<store::TaskFilter> read_filter(const Query& query, const LocalTimeRule& zone);

}  // namespace belfry::api
