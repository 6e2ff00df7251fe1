// A test that never ends, so that ctest can check how such a one fails.
#include <gtest/gtest.h>

#include <thread>

TEST(Hanging, NeverEnds) {
  for (;;) std::this_thread::yield();
}
