#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "http_pipe.hpp"
#include "receiver.hpp"

namespace belfry::bench {

using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point began);
// Of the steady clock.
std::int64_t now_ns();

// `"target":{…}` for a task that is to be pushed there.
std::string http_target(const Receiver& receiver);

// So many threads at once; throws what the first of them threw, after all have ended.
void run_threads(int count, const std::function<void(int)>& work);

// So many copies of a task, 500 a request, two requests at a time; seconds that took. Throws if any
// is refused.
double submit_bulk(int port, const std::string& token, const std::string& task, int tasks);

// What our HTTP client alone pushes to a receiver, 128 in flight: pushes a second.
double bare_push_rate(int pushes);

// `count` calls at a steady pace from `began` on, by the clock and by four connections in turn:
// `call` gets the time that it was due (steady, ns), also where the one before has kept it waiting.
void open_loop(int port, int count, int per_second,
               const std::function<void(HttpPipe&, std::int64_t due_ns)>& call);

}  // namespace belfry::bench
