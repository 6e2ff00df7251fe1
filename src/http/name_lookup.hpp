#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "http/resolver.hpp"

namespace belfry::http {

struct NameLookupOptions {
  std::chrono::milliseconds budget{5'000};  // for one look-up, its wait for a turn included
  std::size_t per_key = 16;                 // concurrent questions of one pool key
};

// The names that calls dial: a bounded cache (1 to 30 s, whatever the answer says), one question
// for all who ask the same at once, and a cap of questions per pool key, so that one tenant's slow
// names do not hold up another's. Forgets failures at once. On one executor, not thread-safe.
// Answers are not judged here: the caller checks each one against the policy, cached or not.
class NameLookup {
 public:
  NameLookup(boost::asio::any_io_executor executor, std::unique_ptr<Resolver> resolver,
             NameLookupOptions options);
  ~NameLookup();

  // The cached addresses, or an empty list.
  std::vector<boost::asio::ip::address> cached(const std::string& host);
  struct Found {
    std::vector<boost::asio::ip::address> addresses;
    bool own_trouble = false;
  };
  // No address: not resolved within the budget or before `deadline`, cancelled, or closed.
  boost::asio::awaitable<Found> resolve(std::string key, std::string host,
                                        std::chrono::steady_clock::time_point deadline);
  // Ends every wait.
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace belfry::http
