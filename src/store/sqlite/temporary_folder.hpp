#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "store/sqlite/sqlite_store.hpp"

// For tests: a folder that leaves with its owner, and stores in it.
namespace belfry::store::sqlite {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    path_ = (parent() / "belfry-store-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary folder");
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file() const { return path_ + "/belfry.db"; }
  // A small reserve and cache, and lease secrets that repeat.
  Options options(const Clock* clock = nullptr) const {
    Options options;
    options.path = file();
    options.clock = clock;
    options.cache_bytes = 4 * 1024 * 1024;
    options.reserve_bytes = 64 * 1024;
    return options;
  }

 private:
  // In memory if there is room: whether the real disk flushes is not what is tested.
  static std::filesystem::path parent() {
    const std::filesystem::path memory = "/dev/shm";
    std::error_code none;
    const auto space = std::filesystem::space(memory, none);
    constexpr std::uintmax_t kWanted = 256 * 1024 * 1024;
    return !none && space.available > kWanted ? memory : std::filesystem::temp_directory_path();
  }

  std::string path_;
};

// A store whose folder goes with it.
class TemporaryStore final : public Backend {
 public:
  explicit TemporaryStore(const Clock& clock) : store_(open(folder_.options(&clock))) {}
  Writer& writer() override { return store_->writer(); }
  std::unique_ptr<Reader> make_reader() override { return store_->make_reader(); }
  StoreFacts facts() override { return store_->facts(); }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Backend> store_;
};

}  // namespace belfry::store::sqlite
