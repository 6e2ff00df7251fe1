#include "scratch_folder.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>

namespace belfry::bench {

ScratchFolder::ScratchFolder(const std::filesystem::path& parent) {
  std::filesystem::create_directories(parent);
  auto name = (parent / "belfry-bench-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "no folder for the benchmark " + name);
  }
  path_ = name;
}

std::filesystem::path ScratchFolder::folder(const std::string& name) const {
  std::filesystem::create_directories(path_ / name);
  return path_ / name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
  if (error) {
    std::fprintf(stderr, "%s is left behind: %s\n", path_.c_str(), error.message().c_str());
  }
}

}  // namespace belfry::bench
