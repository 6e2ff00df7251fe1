#include "dashboard/page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "dashboard/files.hpp"
#include "http/problem.hpp"

namespace belfry::dashboard {
namespace {

constexpr std::string_view kBase = "__BELFRY_BASE__";
constexpr std::string_view kNonce = "__BELFRY_NONCE__";
constexpr std::size_t kNonceBytes = 18;

std::string text_of(const PageFile& file) {
  return {reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()};
}

const PageFile* find(std::string_view path) {
  const auto files = page_files();
  const auto at = std::ranges::find(files, path, &PageFile::path);
  return at == files.end() ? nullptr : &*at;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

// Below /assets/, or a name with a dot at the root. Deeper paths are the page's own addresses,
// where a queue's name may have dots.
bool looks_like_a_file(std::string_view path) {
  const auto last = path.rfind('/');
  return path.starts_with("/assets/") || (last == 0 && path.find('.') != path.npos);
}

}  // namespace

std::string content_security_policy(std::string_view nonce) {
  return fmt::format(
      "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{}'; style-src-attr 'none'; "
      "img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'self'; "
      "form-action 'self'; frame-ancestors 'none'; trusted-types default; "
      "require-trusted-types-for 'script'",
      nonce);
}

http::Response Page::index() const {
  const auto* file = find("/index.html");
  http::Response response;
  if (file == nullptr) return http::problem({ErrorCode::internal, "the page is not embedded"});
  const auto nonce = base64url_encode(secure_random_bytes(kNonceBytes));
  response.content_type = file->content_type;
  response.body = text_of(*file);
  replace_all(response.body, kBase, settings_.prefix + "/");
  replace_all(response.body, kNonce, nonce);
  response.headers.set("Content-Security-Policy", content_security_policy(nonce));
  return response;
}

http::Response Page::answer(std::string_view path) const {
  if (path == "/index.html") return index();
  const auto* file = find(path);
  if (file == nullptr) {
    if (looks_like_a_file(path)) {
      return http::problem({ErrorCode::not_found, "the page has no such file"});
    }
    return index();
  }
  http::Response response;
  response.content_type = file->content_type;
  response.body = text_of(*file);
  if (file->gzipped) response.headers.set("Content-Encoding", "gzip");
  response.headers.set("Cache-Control", path.starts_with("/assets/")
                                            ? "public, max-age=31536000, immutable"
                                            : "no-cache");
  // A picture that is opened by itself runs nothing either.
  response.headers.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  return response;
}

}  // namespace belfry::dashboard
