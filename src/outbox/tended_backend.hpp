#pragma once

#include <functional>
#include <memory>
#include <span>

#include "store/backend.hpp"

namespace belfry::outbox {

// Test support: a real store whose commits a test looks at first, on the store's thread. `tend` may
// wait (the store hangs) or throw store::Unavailable (it is away for a moment).
class TendedBackend final : public store::Backend {
 public:
  using Tend = std::function<void(std::span<store::Job*>)>;
  explicit TendedBackend(std::unique_ptr<store::Backend> real)
      : real_(std::move(real)), writer_(*this) {}

  // Before the store's first command, or from `tend` itself.
  void tend(Tend tend) { tend_ = std::move(tend); }

  store::Writer& writer() override { return writer_; }
  std::unique_ptr<store::Reader> make_reader() override { return real_->make_reader(); }
  store::StoreFacts facts() override { return real_->facts(); }

 private:
  class Writer final : public store::Writer {
   public:
    explicit Writer(TendedBackend& owner) : owner_(owner) {}
    store::Committed run(std::span<store::Job*> jobs) override {
      if (owner_.tend_) owner_.tend_(jobs);
      return owner_.real_->writer().run(jobs);
    }
    bool full() override { return owner_.real_->writer().full(); }

   private:
    TendedBackend& owner_;
  };

  std::unique_ptr<store::Backend> real_;
  Writer writer_;
  Tend tend_;
};

}  // namespace belfry::outbox
