#include "belfry/credentials.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>

#include "base/clock.hpp"
#include "belfry/client.hpp"
#include "belfry/json.hpp"

namespace belfry::client {
namespace {

constexpr std::chrono::milliseconds kFirstWait{250};
constexpr std::chrono::milliseconds kLongestWait{5'000};

ClientError file_error(const std::string& file, const std::string& what) {
  return {0, "urn:belfry:client:file", "credentials file " + file + ": " + what};
}

std::string last_error() {
  return std::generic_category().message(errno);
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::fsync(fd) == 0;
}

bool worth_waiting(const ClientError& error) {
  return error.type == "urn:belfry:client:unreachable" || error.status == 429 ||
         error.status == 503;
}

}  // namespace

Result<Credentials> load_credentials(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::unexpected(file_error(file, "cannot be read"));
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto json = Json::parse(text);
  if (!json) return std::unexpected(file_error(file, "is no JSON"));
  Credentials credentials{(*json)["tenantId"].string_or(""), (*json)["apiKey"].string_or(""),
                          (*json)["webhookSecret"].string_or("")};
  if (credentials.api_key.empty()) return std::unexpected(file_error(file, "holds no apiKey"));
  return credentials;
}

Result<> save_credentials(const Credentials& credentials, const std::string& file) {
  const auto text = Json::object({{"tenantId", credentials.tenant_id},
                                  {"apiKey", credentials.api_key},
                                  {"webhookSecret", credentials.webhook_secret}})
                        .dump() +
                    "\n";
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  std::error_code failed;
  if (!folder.empty()) std::filesystem::create_directories(folder, failed);
  const auto draft = file + ".new";
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return std::unexpected(file_error(file, last_error()));
  // A draft left by a crash keeps its mode, whatever that was.
  const bool written = ::fchmod(fd, 0600) == 0 && write_all(fd, text);
  const auto why = last_error();
  ::close(fd);
  if (!written) return std::unexpected(file_error(file, why));
  if (::rename(draft.c_str(), file.c_str()) != 0) {
    return std::unexpected(file_error(file, last_error()));
  }
  return {};
}

Result<Credentials> ensure_registered(const std::string& url, const std::string& name,
                                      const std::string& file, std::chrono::milliseconds patience) {
  if (std::filesystem::exists(file)) return load_credentials(file);
  const AnchoredClock clock;
  const auto deadline = clock.steady_now() + patience;
  for (auto wait = kFirstWait;; wait = std::min(2 * wait, kLongestWait)) {
    const auto account = Client::register_tenant(url, name);
    if (account) {
      Credentials credentials{account->tenant_id, account->api_key, account->webhook_secret};
      const auto saved = save_credentials(credentials, file);
      if (!saved) return std::unexpected(saved.error());
      return credentials;
    }
    const auto pause = std::max(wait, account.error().retry_after.value_or(Millis{0}));
    if (!worth_waiting(account.error()) || clock.steady_now() + pause > deadline) {
      return std::unexpected(account.error());
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace belfry::client
