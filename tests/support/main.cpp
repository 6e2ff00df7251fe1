// The main function of every test binary. A test that hangs fails with words that name it, and not
// only by the time limit of the whole binary.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr unsigned kSecondsPerTest = 300;

// Written before the alarm is set, so that the handler, which may not allocate, finds it whole.
std::string words_of_the_alarm;

void report_the_hang(int) {
  (void)!::write(STDERR_FILENO, words_of_the_alarm.data(), words_of_the_alarm.size());
  ::_exit(1);
}

// BELFRY_TEST_SECONDS is another limit; 0 is none, for a debugger.
unsigned seconds_per_test() {
  const char* given = std::getenv("BELFRY_TEST_SECONDS");
  unsigned seconds = kSecondsPerTest;
  if (given != nullptr) std::from_chars(given, given + std::strlen(given), seconds);
  return seconds;
}

class Watchdog : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& test) override {
    const auto seconds = seconds_per_test();
    words_of_the_alarm = std::string("error: ") + test.test_suite_name() + "." + test.name() +
                         " has not ended after " + std::to_string(seconds) + " s\n";
    ::alarm(seconds);
  }
  void OnTestEnd(const testing::TestInfo&) override { ::alarm(0); }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  struct sigaction action{};
  action.sa_handler = report_the_hang;
  ::sigaction(SIGALRM, &action, nullptr);
  testing::UnitTest::GetInstance()->listeners().Append(new Watchdog);
  return RUN_ALL_TESTS();
}
