// A library that tests preload into the real scheduler, so that it runs under a wrong wall clock.
// It maps the file that BELFRY_TEST_CLOCK names: two 64-bit numbers in the machine's byte
// order, which the test may change while the scheduler runs.
//
//   0  milliseconds that are added to the wall clock (CLOCK_REALTIME)
//   8  what adjtimex answers: 0 the kernel's own, 1 synchronised, 2 not synchronised, 3 denied
//
// The monotonic clock is left alone. Nothing of this is in the product.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

namespace {

struct Shift {
  std::atomic<std::int64_t> wall_ms;
  std::atomic<std::int64_t> kernel_state;
};

const Shift unmoved{};
const Shift* shift = &unmoved;

// Before main, not at the first question for the time: a sanitizer's runtime may ask for it while
// this would be under way, and would wait for itself.
[[gnu::constructor]] void map_shift() {
  const char* path = std::getenv("BELFRY_TEST_CLOCK");
  if (path == nullptr) return;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) std::abort();
  void* mapped = mmap(nullptr, sizeof(Shift), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (mapped == MAP_FAILED) std::abort();
  shift = static_cast<const Shift*>(mapped);
}

}  // namespace

extern "C" int clock_gettime(clockid_t which, timespec* time) noexcept {
  const int result = static_cast<int>(syscall(SYS_clock_gettime, which, time));
  if (result != 0 || which != CLOCK_REALTIME) return result;
  const auto ms = shift->wall_ms.load(std::memory_order_relaxed);
  time->tv_sec += ms / 1000;
  time->tv_nsec += ms % 1000 * 1'000'000;
  if (time->tv_nsec >= 1'000'000'000) {
    time->tv_nsec -= 1'000'000'000;
    ++time->tv_sec;
  } else if (time->tv_nsec < 0) {
    time->tv_nsec += 1'000'000'000;
    --time->tv_sec;
  }
  return 0;
}

extern "C" int adjtimex(timex* state) noexcept {
  switch (shift->kernel_state.load(std::memory_order_relaxed)) {
    case 1:
      state->status = 0;
      return TIME_OK;
    case 2:
      state->status = STA_UNSYNC;
      return TIME_ERROR;
    case 3:
      errno = EPERM;
      return -1;
    default:
      return static_cast<int>(syscall(SYS_adjtimex, state));
  }
}
