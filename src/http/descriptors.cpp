#include "http/descriptors.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace belfry::http {
namespace {

constexpr rlim_t kLimitWanted = 65'536;
constexpr std::size_t kSetAside = 128;
// More are of no use: 10,000 clients beside those that are turned away, and 8,000 pushes at a time
// beside 4,096 idle connections.
constexpr std::size_t kAcceptedMax = 14'000;
constexpr std::size_t kOpenedMax = 12'096;

}  // namespace

DescriptorShares share_descriptors(std::size_t limit) {
  const auto rest = limit - std::min(kSetAside, limit / 4);
  const auto opened = std::min(kOpenedMax, rest / 3);
  return {std::min(kAcceptedMax, rest - opened), opened};
}

DescriptorShares descriptor_shares() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return {kAcceptedMax, kOpenedMax};
  return share_descriptors(static_cast<std::size_t>(std::min(files.rlim_cur, kLimitWanted)));
}

void raise_descriptor_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= kLimitWanted) return;
  files.rlim_cur = std::min(files.rlim_max, kLimitWanted);
  ::setrlimit(RLIMIT_NOFILE, &files);
}

bool out_of_descriptors() {
  const int one = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (one < 0) return errno == EMFILE || errno == ENFILE;
  ::close(one);
  return false;
}

}  // namespace belfry::http
