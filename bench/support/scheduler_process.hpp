#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace belfry::bench {

// The real belfry-scheduler as a child process, on a free port and a data folder of its own.
class SchedulerProcess {
 public:
  SchedulerProcess(std::string binary, std::string folder);
  ~SchedulerProcess();  // stops it

  // Starts and waits for the line `listening on`; seconds that took.
  double start();
  void stop();
  int port() const { return port_; }
  long rss_kib() const;
  long disk_bytes() const;
  // CPU seconds used so far.
  double cpu_seconds() const;

 private:
  std::string binary_, folder_;
  pid_t pid_ = 0;
  int port_ = 0;
};

}  // namespace belfry::bench
