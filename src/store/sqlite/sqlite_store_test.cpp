#include "store/conformance/bed.hpp"
#include "store/sqlite/temporary_folder.hpp"

namespace belfry::store::conformance {

std::unique_ptr<Backend> open_temporary(const Clock& clock) {
  return std::make_unique<sqlite::TemporaryStore>(clock);
}

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreConformance,
                         testing::Values(Subject{"sqlite", open_temporary, Times::given},
                                         Subject{"sqlite", open_temporary, Times::own}),
                         testing::PrintToStringParamName());

}  // namespace belfry::store::conformance
