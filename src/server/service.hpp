#pragma once

#include <memory>
#include <string>

#include "base/error.hpp"
#include "server/config.hpp"

namespace belfry::server {

// The scheduler as one object: constructs every part in start order and stops them in the reverse.
//
// Start: data folder and keys → store (lock, migrate, check) → loops → listen.
// Stop: not ready → stop accepting → stop claiming → finish or release leases → close the store.
class Service {
 public:
  // Throws std::runtime_error in words when it cannot start.
  explicit Service(Config config);
  ~Service();

  std::string url() const;            // of the API, with the port that was taken
  std::string operators_url() const;  // empty: none
  // Begins a stop; thread-safe and callable from a signal wait. Returns at once.
  void request_stop();
  // Until everything has stopped; 0, or 1 after a storage failure.
  int wait();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace belfry::server
