#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace belfry::http {

// What a name stands for. No address: the name does not exist or nobody answered.
struct Resolution {
  std::vector<boost::asio::ip::address> addresses;
  std::chrono::seconds ttl{0};
  bool own_trouble = false;  // no address, and this process is out of descriptors
};

// Turns a name into addresses (A and AAAA), without search domains. Not thread-safe: everything on
// one executor. Production: c-ares; tests: a scripted twin.
class Resolver {
 public:
  using Done = std::function<void(Resolution)>;
  virtual ~Resolver() = default;
  // Calls `done` exactly once, perhaps before returning; at destruction with an empty answer.
  virtual void resolve(const std::string& host, Done done) = 0;
};

struct ResolverOptions {
  std::chrono::milliseconds budget{5'000};  // for one question, asked again while it lasts
  std::string servers = {};                 // "ADDRESS:PORT,..." instead of those of resolv.conf
};

// c-ares on the executor (single-threaded): the hosts file first, then the servers of resolv.conf.
// IPv4 addresses come first. No question can fail another one.
std::unique_ptr<Resolver> make_resolver(boost::asio::any_io_executor executor,
                                        ResolverOptions options);

}  // namespace belfry::http
