#pragma once

#include <stdexcept>
#include <string>

#include "base/error.hpp"

// Infrastructure failures, thrown by drivers only (DESIGN section 4). A driver translates its
// database's codes into these in one place. std::bad_alloc in a read is none of them: that read is
// refused, and the store is as well as before.
namespace belfry::store {

class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Busy, or the database server is gone: back off and go on.
class Unavailable final : public Failure {
 public:
  using Failure::Failure;
};

// No space left: creations are refused, reads and completions go on.
class Full final : public Failure {
 public:
  using Failure::Failure;
};

// I/O error, corruption, failed flush: never caught by loops. Nothing is acknowledged any more and
// the process ends; a fresh one reopens and checks.
class Broken final : public Failure {
 public:
  using Failure::Failure;
};

// One row cannot be what was written: it does not fit its checksum, or cannot be read. That is the
// row's fault alone: whoever needs it is refused, and the service goes on.
class Damaged final : public Failure {
 public:
  using Failure::Failure;
};

// What the gateway answers while the store is away or behind: the same question may be asked again
// in a moment. Any other error is the store's own word.
inline bool is_passing(const Error& error) {
  return error.code == ErrorCode::storage_unavailable || error.code == ErrorCode::overloaded;
}

}  // namespace belfry::store
