#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace belfry::bench {

// The real belfry-scheduler as a child process, on a free port. It never outlives the thread that
// started it, however that ends.
class SchedulerProcess {
 public:
  // Its data is in `folder`, which the caller removes.
  SchedulerProcess(std::string binary, std::filesystem::path folder);
  ~SchedulerProcess();  // stops it
  SchedulerProcess(const SchedulerProcess&) = delete;
  SchedulerProcess& operator=(const SchedulerProcess&) = delete;

  // The core that it runs on from its next start on; without it, any.
  void pin_to(int core) { core_ = core; }
  // Starts and waits for the line `listening on`; seconds that took. Throws if it does not come.
  double start();
  void stop();
  int port() const { return port_; }
  long rss_kib() const;
  long disk_bytes() const;
  // CPU seconds used so far.
  double cpu_seconds() const;

 private:
  std::string binary_;
  std::filesystem::path folder_;
  pid_t pid_ = 0;
  int port_ = 0;
  int core_ = -1;
};

}  // namespace belfry::bench
