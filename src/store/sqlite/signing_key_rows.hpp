#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class SigningKeyRows final : public SigningKeyReads {
 public:
  explicit SigningKeyRows(Context context) : context_(context) {}
  std::vector<SigningKeyRow> list() override;

 private:
  Context context_;
};

}  // namespace belfry::store::sqlite
