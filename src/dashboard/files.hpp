#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace belfry::dashboard {

// A file of the page, as the build embedded it (tools/embed_page.py).
struct PageFile {
  std::string_view path;  // "/assets/index-1a2b3c.js"
  std::string_view content_type;
  std::span<const unsigned char> bytes;
  bool gzipped;
};

// All of them, by path. index.html stands there plain: two places of it are filled in when served.
std::span<const PageFile> page_files();

}  // namespace belfry::dashboard
