#include "options/option_sources.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <sstream>

namespace belfry::options {
namespace {

std::string variable_of(const std::string& option) {
  std::string name = "BELFRY_" + option;
  for (char& c : name) {
    if (c == '-') c = '_';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return name;
}

std::vector<std::string> split_by_commas(const std::string& text) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) {
    const auto begin = part.find_first_not_of(' ');
    if (begin == std::string::npos) continue;
    parts.push_back(part.substr(begin, part.find_last_not_of(' ') - begin + 1));
  }
  return parts;
}

std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto text = node.value<std::string>(); text && node.is_string()) return text;
  if (const auto number = node.value<std::int64_t>(); number && node.is_integer()) {
    return fmt::format("{}", *number);
  }
  if (const auto flag = node.value<bool>(); flag && node.is_boolean())
    return *flag ? "true" : "false";
  return std::nullopt;
}

std::optional<std::vector<std::string>> file_values(const toml::node& node) {
  if (const auto* array = node.as_array()) {
    std::vector<std::string> values;
    for (const auto& element : *array) {
      const auto text = scalar_text(element);
      if (!text) return std::nullopt;
      values.push_back(*text);
    }
    return values;
  }
  const auto text = scalar_text(node);
  if (!text) return std::nullopt;
  return std::vector<std::string>{*text};
}

void read_file(const std::string& path, const std::vector<OptionSpec>& specs,
               OptionSources& sources) {
  try {
    const auto table = toml::parse_file(path);
    for (const auto& [key, node] : table) {
      const std::string option(key.str());
      const auto spec = std::find_if(specs.begin(), specs.end(),
                                     [&](const OptionSpec& s) { return s.name == option; });
      if (spec == specs.end()) {
        sources.mistakes.push_back(
            fmt::format("{}: {}: no such option; --help lists them", path, option));
        continue;
      }
      const auto values = file_values(node);
      if (!values || (values->size() > 1 && !spec->repeats)) {
        sources.mistakes.push_back(
            fmt::format("{}: {}: must be {}", path, option,
                        spec->repeats ? "a string or a list of strings" : "one string or number"));
        continue;
      }
      sources.values[option] = {*values, fmt::format("{}: {}", path, option)};
    }
  } catch (const toml::parse_error& error) {
    const auto& where = error.source().begin;
    sources.mistakes.push_back(fmt::format("{}: line {}, column {}: {}", path, where.line,
                                           where.column, error.description()));
  }
}

void read_environment(const std::vector<OptionSpec>& specs, const Environment& environment,
                      OptionSources& sources) {
  for (const auto& spec : specs) {
    const auto variable = variable_of(spec.name);
    const char* text = environment(variable.c_str());
    if (!text || *text == '\0') continue;
    sources.values[spec.name] = {
        spec.repeats ? split_by_commas(text) : std::vector<std::string>{text}, variable};
  }
}

std::string help_of(const OptionSpec& spec) {
  const auto default_part =
      spec.default_text.empty() ? "" : fmt::format(" (default {})", spec.default_text);
  return fmt::format("{}{}{} [{}]", spec.help, spec.repeats ? "; may repeat" : "", default_part,
                     variable_of(spec.name));
}

}  // namespace

OptionSources collect_options(const Program& program, const std::vector<OptionSpec>& specs,
                              int argc, const char* const* argv, const Environment& environment) {
  OptionSources sources;
  CLI::App app{program.about, program.name};
  app.set_version_flag("--version", program.name + " " + BELFRY_VERSION);
  app.allow_extras();
  std::string file;
  app.add_option("--config", file, "TOML file with the same keys [BELFRY_CONFIG]");
  std::map<std::string, std::vector<std::string>> flags;
  std::map<std::string, std::string> switches;
  for (const auto& spec : specs) {
    if (spec.is_switch) {
      app.add_flag("--" + spec.name, switches[spec.name], help_of(spec));
      continue;
    }
    app.add_option("--" + spec.name, flags[spec.name], help_of(spec))
        ->allow_extra_args(false)
        ->type_name("");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {
    std::ostringstream out, err;
    app.exit(wanted, out, err);
    sources.output = out.str();
    return sources;
  } catch (const CLI::ParseError& error) {
    sources.mistakes.push_back(error.what());
    return sources;
  }
  for (const auto& extra : app.remaining()) {
    sources.mistakes.push_back(fmt::format("{}: no such option; --help lists them", extra));
  }
  if (const char* named = environment("BELFRY_CONFIG"); file.empty() && named) file = named;
  if (!file.empty()) read_file(file, specs, sources);
  read_environment(specs, environment, sources);
  for (const auto& [name, values] : flags) {
    if (!values.empty()) sources.values[name] = {values, "--" + name};
  }
  for (const auto& spec : specs) {
    if (!spec.is_secret || flags[spec.name].empty()) continue;
    sources.warnings.push_back(fmt::format(
        "--{} on the command line can be read by every user of this machine (ps); give it as {} in "
        "the environment, or in a file (--config) that only its owner may read",
        spec.name, variable_of(spec.name)));
  }
  for (const auto& [name, value] : switches) {
    if (!value.empty()) sources.values[name] = {{value}, "--" + name};
  }
  return sources;
}

}  // namespace belfry::options
