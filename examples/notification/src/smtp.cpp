#include "smtp.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

namespace notification {
namespace {

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Kind = SmtpOutcome::Kind;

constexpr std::size_t kReplyBytesMax = 500;

std::size_t read_message(char* into, std::size_t size, std::size_t count, void* from) {
  auto& left = *static_cast<std::string_view*>(from);
  const auto taken = std::min(size * count, left.size());
  std::memcpy(into, left.data(), taken);
  left.remove_prefix(taken);
  return taken;
}

// libcurl hands over each line that the server says; the last one before its goodbye matters.
std::size_t keep_reply(char* line, std::size_t size, std::size_t count, void* into) {
  std::string_view text(line, size * count);
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  if (!text.starts_with("221")) {
    static_cast<std::string*>(into)->assign(text.substr(0, kReplyBytesMax));
  }
  return size * count;
}

long use_ssl(StartTls tls) {
  if (tls == StartTls::off) return CURLUSESSL_NONE;
  return tls == StartTls::required ? CURLUSESSL_ALL : CURLUSESSL_TRY;
}

void set_options(CURL* curl, const SmtpOptions& options) {
  curl_easy_setopt(curl, CURLOPT_URL, options.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_USE_SSL, use_ssl(options.tls));
  if (!options.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, "<noreply@example.com>");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // mail does not go where the environment's web does
}

SmtpOutcome outcome_of(CURL* curl, CURLcode result, const std::string& reply) {
  if (result == CURLE_OK) return {};
  long code = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
  std::string reason = curl_easy_strerror(result);
  if (code >= 400 && !reply.empty()) reason = "the mail server said: " + reply;
  const bool ours = result == CURLE_LOGIN_DENIED || result == CURLE_USE_SSL_FAILED ||
                    result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CONNECT_ERROR ||
                    result == CURLE_OPERATION_TIMEDOUT;
  const bool permanent = !ours && code >= 500 && code < 600;
  return {permanent ? Kind::permanent : Kind::temporary, std::move(reason)};
}

}  // namespace

SmtpOutcome send_smtp(const SmtpOptions& options, const std::string& to,
                      const std::string& message) {
  const Handle curl(curl_easy_init(), curl_easy_cleanup);
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> receivers(
      curl_slist_append(nullptr, ("<" + to + ">").c_str()), curl_slist_free_all);
  if (!curl || !receivers) return {Kind::temporary, "out of memory"};
  std::string_view left = message;
  std::string reply;
  set_options(curl.get(), options);
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, receivers.get());
  curl_easy_setopt(curl.get(), CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_READFUNCTION, read_message);
  curl_easy_setopt(curl.get(), CURLOPT_READDATA, &left);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, keep_reply);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &reply);
  return outcome_of(curl.get(), curl_easy_perform(curl.get()), reply);
}

}  // namespace notification
