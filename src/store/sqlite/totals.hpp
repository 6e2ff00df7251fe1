#pragma once

#include <optional>

#include "store/rows.hpp"
#include "store/sqlite/context.hpp"

// The running totals as this reader, or this transaction, sees them: what a transaction has changed
// lies in its Batch until its end.
namespace belfry::store::sqlite {

StatusCounts tenant_totals(const Context& context, std::int64_t tenant_no);
StatusCounts all_totals(const Context& context);
StatusCounts queue_totals(const Context& context, std::int64_t tenant_no, domain::QueueNo queue);

}  // namespace belfry::store::sqlite
