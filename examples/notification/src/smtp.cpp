#include "smtp.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>

namespace notification {
namespace {

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Kind = SmtpOutcome::Kind;

constexpr std::size_t kReplyBytesMax = 2'000;

// What was said so far: libcurl reports each command and each line of a reply.
struct Dialogue {
  std::string command = {};      // the first word of the last command
  std::string reply = {};        // the last whole reply but the one to QUIT, lines joined by LF
  std::string answered = {};     // the command that `reply` answers; empty: the greeting
  bool reply_continues = false;  // the last line was "250-…": more lines follow
};

std::size_t read_message(char* into, std::size_t size, std::size_t count, void* from) {
  auto& left = *static_cast<std::string_view*>(from);
  const auto taken = std::min(size * count, left.size());
  std::memcpy(into, left.data(), taken);
  left.remove_prefix(taken);
  return taken;
}

bool is_continued(std::string_view line) {
  return line.size() > 3 && line[3] == '-';
}

void hear(Dialogue& dialogue, std::string_view line) {
  if (dialogue.command == "QUIT") return;
  if (!dialogue.reply_continues) {
    dialogue.reply.clear();
    dialogue.answered = dialogue.command;
  }
  dialogue.reply_continues = is_continued(line);
  if (!dialogue.reply.empty()) dialogue.reply += '\n';
  dialogue.reply += line;
  if (dialogue.reply.size() > kReplyBytesMax) dialogue.reply.resize(kReplyBytesMax);
}

std::size_t keep_reply(char* line, std::size_t size, std::size_t count, void* into) {
  std::string_view text(line, size * count);
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  hear(*static_cast<Dialogue*>(into), text);
  return size * count;
}

// Keeps the first word alone, since AUTH carries the password.
int keep_command(CURL*, curl_infotype type, char* data, std::size_t size, void* into) {
  if (type != CURLINFO_HEADER_OUT) return 0;
  const std::string_view text(data, size);
  static_cast<Dialogue*>(into)->command = text.substr(0, text.find_first_of(" \r\n"));
  return 0;
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
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, ("<" + options.sender + ">").c_str());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // mail does not go where the environment's web does
}

int code_of(std::string_view reply) {
  int code = 0;
  const auto digits = reply.substr(0, 3);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), code);
  return read.ec == std::errc{} && read.ptr == digits.data() + 3 ? code : 0;
}

bool concerns_session(int code) {
  return code < 505 || code == 530 || code == 534 || code == 535 || code == 538;
}

// RFC 5321 section 4.2.1: 5yz is permanent; section 3.3 has the order of the commands.
bool is_permanent(const Dialogue& dialogue) {
  const int code = code_of(dialogue.reply);
  const bool of_this_mail = dialogue.answered == "RCPT" || dialogue.answered == "DATA";
  return of_this_mail && code >= 500 && code < 600 && !concerns_session(code);
}

SmtpOutcome outcome_of(CURLcode result, const Dialogue& dialogue) {
  if (result == CURLE_OK) return {};
  std::string reason = curl_easy_strerror(result);
  if (code_of(dialogue.reply) >= 400) reason = "the mail server replied: " + dialogue.reply;
  const bool silent = result == CURLE_OPERATION_TIMEDOUT;
  return {!silent && is_permanent(dialogue) ? Kind::permanent : Kind::temporary, std::move(reason)};
}

}  // namespace

SmtpOutcome send_smtp(const SmtpOptions& options, const std::string& to,
                      const std::string& message) {
  const Handle curl(curl_easy_init(), curl_easy_cleanup);
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> receivers(
      curl_slist_append(nullptr, ("<" + to + ">").c_str()), curl_slist_free_all);
  if (!curl || !receivers) return {Kind::temporary, "out of memory"};
  std::string_view left = message;
  Dialogue dialogue;
  set_options(curl.get(), options);
  curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, receivers.get());
  curl_easy_setopt(curl.get(), CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_READFUNCTION, read_message);
  curl_easy_setopt(curl.get(), CURLOPT_READDATA, &left);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, keep_reply);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &dialogue);
  curl_easy_setopt(curl.get(), CURLOPT_VERBOSE, 1L);  // libcurl reports commands only then
  curl_easy_setopt(curl.get(), CURLOPT_DEBUGFUNCTION, keep_command);
  curl_easy_setopt(curl.get(), CURLOPT_DEBUGDATA, &dialogue);
  return outcome_of(curl_easy_perform(curl.get()), dialogue);
}

}  // namespace notification
