// For what another thread does without telling the test when it is done.
#pragma once
#include <chrono>
#include <thread>

namespace belfry::test {

// Far longer than anything takes on a busy machine; a test that waits so long has failed.
inline constexpr std::chrono::seconds kPatience{60};

// Whether the condition comes true within the tests' patience. It is asked again and again.
template <class Condition>
bool comes_true(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace belfry::test
