#pragma once

#include <filesystem>
#include <string>

namespace belfry::bench {

// A fresh folder inside one that the caller named, removed with all it holds at the end of its
// life. Nothing else in the caller's folder is touched: it may be anybody's.
class ScratchFolder {
 public:
  // Makes PARENT/belfry-bench-XXXXXX, and PARENT if there is none. Throws std::system_error.
  explicit ScratchFolder(const std::filesystem::path& parent);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path folder(const std::string& name) const;  // makes it inside

 private:
  std::filesystem::path path_;
};

}  // namespace belfry::bench
