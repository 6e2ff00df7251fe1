#pragma once

#include <string>

namespace belfry::server {

// The commands `belfry-scheduler backup DIR` and `restore BACKUP`. Both tell on standard error how
// far they are, and throw std::runtime_error: one sentence that says what is wrong and what to do.

const char* command_help();

// Copies the store and the keys of the data folder `data` into `to`, a new or an empty folder,
// beside a running server or from a stopped one's store, and verifies the copy.
void back_up(const std::string& data, const std::string& to);

// Puts a backup into `data`, a new or an empty folder, and verifies it. The next start there
// begins paused.
void restore(const std::string& backup, const std::string& data);

}  // namespace belfry::server
