#pragma once

#include <csignal>

// SIGTERM as something to wait for. Made before any thread is started, since they inherit it.
class TermSignal {
 public:
  TermSignal() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  void wait() const {
    int signal = 0;
    sigwait(&set_, &signal);
  }

 private:
  sigset_t set_;
};
