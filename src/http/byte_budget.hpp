#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/id.hpp"

namespace belfry::http {

// How many bytes a server holds for its peers at one time: in total, for one address, and for one
// tenant. An address has more than a tenant, so that one tenant leaves room for others at its own
// address. Thread-safe.
class ByteBudget {
 public:
  struct Limits {
    std::size_t total;
    std::size_t per_address;
    std::size_t per_tenant;
  };
  explicit ByteBudget(Limits limits) : limits_(limits) {}
  struct Owners {
    std::string address;  // empty: none
    TenantId tenant;      // zero: none
  };

  // What one holder has taken; given back when it goes. Used by one thread at a time.
  class Share {
   public:
    Share(ByteBudget& from, std::string address)
        : from_(from), owners_{std::move(address), TenantId{}} {}
    ~Share() { release(); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // Counts the bytes for this tenant as well as for the address. Zero: for the address alone.
    void belongs_to(TenantId tenant);
    // Holds at least `bytes` from now on. False, and all as before, if there are not as many left.
    bool raise_to(std::size_t bytes);
    // Holds exactly `bytes` from now on, even if that is more than the limits allow.
    void hold(std::size_t bytes);
    void release() { hold(0); }
    // How many bytes more `raise_to` would grant now.
    std::size_t left() const;
    std::size_t bytes() const { return bytes_; }

   private:
    ByteBudget& from_;
    Owners owners_;
    std::size_t bytes_ = 0;
  };

  std::size_t used() const;

 private:
  std::size_t left_locked(const Owners& owners) const;
  void change_locked(const Owners& owners, std::size_t from, std::size_t to);

  const Limits limits_;
  mutable std::mutex mutex_;
  std::size_t used_ = 0;
  // By owners that hold anything.
  std::unordered_map<std::string, std::size_t> held_by_address_;
  std::unordered_map<TenantId, std::size_t> held_by_tenant_;
};

}  // namespace belfry::http
