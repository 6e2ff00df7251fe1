#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class SigningKeyEdits final : public SigningKeyWrites {
 public:
  explicit SigningKeyEdits(Context context) : context_(context) {}
  void insert(const SigningKeyRow& key) override;
  void retire(const std::string& kid, Timestamp at) override;
  void remove(const std::string& kid) override;

 private:
  Context context_;
};

}  // namespace belfry::store::sqlite
