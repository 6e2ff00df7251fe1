#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace belfry::options {

struct Program {
  std::string name;   // "belfry-scheduler"
  std::string about;  // the first line of --help
};

// Looks an environment variable up; null if it is not set.
using Environment = std::function<const char*(const char*)>;

struct OptionSpec {
  std::string name;  // "listen": --listen, BELFRY_LISTEN, listen = in the file
  std::string help;
  std::string default_text;  // for --help
  bool repeats = false;      // several values: flags repeat, the environment separates by commas
  bool is_switch = false;    // the flag alone means true
  bool is_secret = false;    // a flag shows it to everybody on the machine: that is warned of
};

struct OptionValue {
  std::vector<std::string> values;
  std::string origin;  // "--listen", "BELFRY_LISTEN", "belfry.toml: listen"
};

struct OptionSources {
  std::map<std::string, OptionValue> values;  // by option name: of the source that wins
  std::string output;                         // text of --help or --version
  std::vector<std::string> mistakes;
  std::vector<std::string> warnings;
};

// Collects the raw strings: file (--config FILE or BELFRY_CONFIG), then environment, then flags;
// the later source replaces the earlier one's values of the same option. Unknown flags, unknown
// BELFRY_ variables among the given ones and unknown keys of the file are mistakes.
OptionSources collect_options(const Program& program, const std::vector<OptionSpec>& specs,
                              int argc, const char* const* argv, const Environment& environment);

}  // namespace belfry::options
