#pragma once

#include <atomic>
#include <cstddef>

namespace belfry::http {

// How many bytes a server holds for its peers at one time, over all connections. Thread-safe.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t max) : max_(max) {}

  // What one holder has taken; given back when it goes.
  class Share {
   public:
    explicit Share(ByteBudget& from) : from_(from) {}
    ~Share() { release(); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // Holds `bytes` in all from now on. False, and all as before, if there are not as many left.
    bool raise_to(std::size_t bytes);
    void release();

   private:
    ByteBudget& from_;
    std::size_t bytes_ = 0;
  };

  std::size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  std::size_t max_;
  std::atomic<std::size_t> used_{0};
};

}  // namespace belfry::http
