#pragma once

#include <memory>
#include <string>

#include "store/backend.hpp"

namespace belfry::planted {

// A store that has the named bug; an unknown name ends the process.
std::unique_ptr<store::Backend> plant(std::unique_ptr<store::Backend> store,
                                      const std::string& bug);

}  // namespace belfry::planted
