#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace belfry::bench {

// What one load met: milliseconds of each answer, by status.
struct Answered {
  std::map<int, std::vector<double>> ms_by_status;
  std::size_t unsent = 0;  // were due while every connection waited for an answer
  double seconds = 0;

  std::size_t count(int status) const;
  double per_second(int status) const;
};

// Sends `request` at a steady pace whatever becomes of the earlier ones (an open loop), each on a
// connection that waits for no answer. Without a pace each connection sends again as soon as it is
// answered (a closed loop). Connections come from several addresses of 127.0.0.0/8. Blocks.
struct OfferedLoad {
  int port = 0;
  std::string request;  // whole, head and body
  std::size_t connections = 64;
  double per_second = 0;  // 0: a closed loop
  double seconds = 5;
};
Answered offer(const OfferedLoad& load);

}  // namespace belfry::bench
