#pragma once

#include <string_view>

#include <spdlog/logger.h>

#include "base/error.hpp"

namespace belfry {

// Structured logging to standard error, one escaped line each: time, level, message, key=value.
// Only allow-listed values go in; secrets are of type Secret and do not format.
enum class LogLevel { debug, info, warn, error, off };

void set_log_level(LogLevel level);
// The process-wide sink; the one global of the project, because a crash must be able to log.
spdlog::logger& log();

// A swallowed error stays visible.
template <class T>
void log_and_ignore(const Result<T>& result, std::string_view why_it_does_not_matter) {
  if (!result) {
    log().warn("ignored error={} why=\"{}\"", name(result.error().code), why_it_does_not_matter);
  }
}

}  // namespace belfry
