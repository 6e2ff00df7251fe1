#include "flags.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace example {
namespace {

using Mistakes = std::vector<std::string>;

// What is read into other types than text.
struct Texts {
  std::string listen;
  std::string allowed_hosts;
};

std::vector<Option> options_of(Flags& flags, Texts& texts, const OwnOptions& own) {
  std::vector<Option> options = {
      {"--listen", nullptr, "ADDRESS:PORT to listen on; port 0 picks one", &texts.listen},
      {"--data", nullptr, "folder of everything this service keeps", &flags.data},
      {"--scheduler", "SCHEDULER_URL", "where the scheduler is", &flags.scheduler},
      {"--public-url", nullptr, "how the scheduler reaches this service, if not by --listen",
       &flags.public_url},
      {"--allowed-host", nullptr,
       "names, with commas, that Host may have beside those of --public-url", &texts.allowed_hosts},
      {"--api-key", "BELFRY_API_KEY", "of an account that exists; else one is registered",
       &flags.api_key},
      {"--webhook-secret", "BELFRY_WEBHOOK_SECRET", "of the same account", &flags.webhook_secret},
  };
  options.insert(options.end(), own.options.begin(), own.options.end());
  return options;
}

[[noreturn]] void end_with_help(std::string_view program, const std::vector<Option>& options) {
  std::printf("usage: %s [--FLAG VALUE]...\n\n", std::string(program).c_str());
  for (const auto& option : options) {
    std::string notes;
    if (option.environment != nullptr) notes += " [" + std::string(option.environment) + "]";
    if (!option.value->empty()) notes += " (default " + *option.value + ")";
    std::printf("  %-18s %s%s\n", std::string(option.flag).c_str(),
                std::string(option.help).c_str(), notes.c_str());
  }
  std::exit(0);
}

// A command line is open to everybody on the machine.
void warn_of_secret(const Option& option) {
  constexpr std::string_view kSecrets[] = {"key", "secret", "password"};
  const bool secret = std::ranges::any_of(
      kSecrets, [&](auto word) { return option.flag.find(word) != std::string_view::npos; });
  const auto scheme = option.value->find("://");
  const bool password =
      scheme != std::string::npos && option.value->find('@', scheme) != std::string::npos;
  if ((!secret && !password) || option.environment == nullptr) return;
  std::fprintf(stderr,
               "%s on the command line can be read by every user of this machine (ps); give it as "
               "%s in the environment\n",
               std::string(option.flag).c_str(), option.environment);
}

void read_arguments(int argc, char** argv, const std::vector<Option>& options, Mistakes& mistakes) {
  for (int i = 1; i < argc; ++i) {
    std::string flag = argv[i];
    const auto equals = flag.find('=');
    const auto name = flag.substr(0, equals);
    const auto option = std::find_if(options.begin(), options.end(),
                                     [&name](const Option& one) { return one.flag == name; });
    if (option == options.end()) {
      mistakes.push_back("unknown option " + name + "; --help lists them");
    } else if (equals != std::string::npos) {
      *option->value = flag.substr(equals + 1);
      warn_of_secret(*option);
    } else if (++i < argc) {
      *option->value = argv[i];
      warn_of_secret(*option);
    } else {
      mistakes.push_back(name + " needs a value");
    }
  }
}

bool read_listen(const std::string& text, Flags& flags) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  flags.address = text.substr(0, colon);
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + colon + 1, end, flags.port);
  return read.ec == std::errc{} && read.ptr == end;
}

bool is_url(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

std::string lower(std::string_view text) {
  std::string low(text);
  std::ranges::transform(low, low.begin(), [](unsigned char c) { return std::tolower(c); });
  return low;
}

// "https://Jobs.example:8443/x" is of jobs.example; "http://[::1]:90" of ::1.
std::string host_of(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  if (url.starts_with('[')) return std::string(url.substr(1, url.find(']') - 1));
  return lower(url.substr(0, url.find_first_of(":/?#")));
}

void read_allowed_hosts(std::string_view text, Flags& flags) {
  while (!text.empty()) {
    const auto name = text.substr(0, text.find(','));
    text.remove_prefix(std::min(name.size() + 1, text.size()));
    if (!name.empty()) flags.allowed_hosts.push_back(lower(name));
  }
  if (is_url(flags.public_url)) flags.allowed_hosts.push_back(host_of(flags.public_url));
}

void check(Flags& flags, const std::string& listen, Mistakes& mistakes) {
  if (!read_listen(listen, flags)) {
    mistakes.push_back("--listen must be ADDRESS:PORT, not \"" + listen + "\"");
  }
  const bool every_address =
      flags.address == "0.0.0.0" || flags.address == "::" || flags.address == "[::]";
  if (every_address && flags.public_url.empty()) {
    mistakes.push_back("--listen " + listen +
                       " does not say how the scheduler reaches this service: give "
                       "--public-url too");
  }
  if (flags.data.empty()) mistakes.emplace_back("--data must name a folder");
  if (!is_url(flags.scheduler)) {
    mistakes.push_back("--scheduler must be an http:// or https:// URL, not \"" + flags.scheduler +
                       "\"");
  }
  if (!flags.public_url.empty() && !is_url(flags.public_url)) {
    mistakes.push_back("--public-url must be an http:// or https:// URL, not \"" +
                       flags.public_url + "\"");
  }
  if (flags.api_key.empty() != flags.webhook_secret.empty()) {
    mistakes.emplace_back("--api-key and --webhook-secret are of one account: give both or none");
  }
}

}  // namespace

Flags read_flags(int argc, char** argv, std::string_view program, Flags defaults,
                 const OwnOptions& own) {
  Flags flags = std::move(defaults);
  Texts texts{flags.address + ":" + std::to_string(flags.port), {}};
  const auto options = options_of(flags, texts, own);
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--help") end_with_help(program, options);
  }
  for (const auto& option : options) {
    const char* value = option.environment == nullptr ? nullptr : std::getenv(option.environment);
    if (value != nullptr) *option.value = value;
  }
  Mistakes mistakes;
  read_arguments(argc, argv, options, mistakes);
  check(flags, texts.listen, mistakes);
  read_allowed_hosts(texts.allowed_hosts, flags);
  if (own.check) own.check(mistakes);
  if (mistakes.empty()) return flags;
  for (const auto& mistake : mistakes) {
    std::fprintf(stderr, "%s: %s\n", std::string(program).c_str(), mistake.c_str());
  }
  std::exit(2);
}

}  // namespace example
