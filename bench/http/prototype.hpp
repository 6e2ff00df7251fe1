#pragma once

#include <functional>
#include <memory>
#include <string>

namespace belfry::bench {

// What stands behind a prototype: the bare server answers at once, the durable one first adds a
// task to a store of its own through the gateway.
enum class Answers { at_once, after_commit };

// The least that could do the work of `POST /api/v1/tasks`: Beast reads the request, a gateway over
// SQLite keeps the body as the task's payload, Beast writes `201`. No token, no checks, no JSON
// read, a short answer. Two I/O threads, one store writer, as the scheduler has.
class Prototype {
 public:
  Prototype(Answers answers, const std::string& folder);
  ~Prototype();
  int port() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace belfry::bench
