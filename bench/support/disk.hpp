#pragma once

#include <filesystem>

namespace belfry::bench {

// What an SQLite file and its write-ahead log take, in bytes.
inline long store_bytes(const std::filesystem::path& path) {
  long bytes = 0;
  for (const auto* suffix : {"", "-wal"}) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path.string() + suffix, error);
    if (!error) bytes += static_cast<long>(size);
  }
  return bytes;
}

}  // namespace belfry::bench
