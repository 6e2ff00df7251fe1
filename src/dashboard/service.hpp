#pragma once

#include <memory>
#include <string>

#include "dashboard/config.hpp"

namespace belfry::dashboard {

// The running dashboard. Listens once constructed; throws std::exception with the reason if it
// cannot. `stop` ends sessions and streams, lets requests finish, and returns.
class Service {
 public:
  explicit Service(Config config);
  ~Service();

  std::string url() const;
  void stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace belfry::dashboard
