#pragma once

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

// What the fuzz targets judge by. Each oracle takes the product's function as an argument, so that
// a test can hand it one with a planted bug and see that it would be reported.
namespace belfry::fuzz {

using Fault = std::optional<std::string>;  // what is wrong, in words; nothing: all is well

// Ends the process if there is a fault, for libFuzzer to report.
inline void abort_on(const Fault& fault) {
  if (!fault) return;
  std::fprintf(stderr, "fault: %s\n", fault->c_str());
  std::abort();
}

}  // namespace belfry::fuzz
