#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace belfry::http {

// How many connections each peer address has, and how many of those over its limit are being told
// so. An address is the unit that limits count by (address_unit). Thread-safe.
class AddressCounts {
 public:
  AddressCounts(std::size_t most, std::size_t told_most) : most_(most), told_most_(told_most) {}

  enum class Verdict { serve, turn_away, close };
  // One connection's entry, until it is destroyed.
  class Entry {
   public:
    Entry() = default;
    Entry(AddressCounts& counts, std::string address, bool counted);
    ~Entry();
    Entry(Entry&& other) noexcept;
    Entry& operator=(Entry&&) = delete;
    Verdict verdict() const { return verdict_; }

   private:
    AddressCounts* counts_ = nullptr;
    std::string address_;
    Verdict verdict_ = Verdict::serve;
  };

 private:
  struct Count {
    std::size_t served = 0;
    std::size_t told = 0;
  };
  Verdict enter(const std::string& address);
  void leave(const std::string& address, Verdict verdict);

  const std::size_t most_;
  const std::size_t told_most_;
  std::mutex mutex_;
  std::unordered_map<std::string, Count> counts_;
};

}  // namespace belfry::http
