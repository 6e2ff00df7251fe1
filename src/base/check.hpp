#pragma once

// CHECK(condition): a broken invariant ends the process, in release builds too. Never reachable
// from user input: input is parsed at the edge, so that the interior may assert.
namespace belfry {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace belfry

#define CHECK(condition)                               \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::belfry::check_failed(#condition, __FILE__, __LINE__))
