#pragma once

#include <functional>
#include <string>
#include <vector>

namespace belfry::bench {

struct Arguments {
  std::vector<std::string> words;  // what is no option: binary, folder, names
  int rounds = 3;                  // --rounds N
  bool strict = false;             // --strict: exit 1 if a bar is missed
  bool quick = false;  // --quick: one round, few tasks; shows that it runs and measures nothing
};

// Runs a benchmark: reads the arguments, of which at least `words` are no options, and turns
// whatever `run` throws into words and exit 1 once its processes and folders are gone. `run` says
// whether all bars held. Exit 2 with `usage` for arguments that make no sense.
int run_main(int argc, char** argv, const char* usage, std::size_t words,
             const std::function<bool(const Arguments&)>& run);

}  // namespace belfry::bench
