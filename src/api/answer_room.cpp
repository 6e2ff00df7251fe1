#include "api/answer_room.hpp"

#include <algorithm>

namespace belfry::api {
namespace {

class LeaseRoom final : public store::ClaimRoom {
 public:
  LeaseRoom(http::ByteBudget::Share& share, std::size_t before) : share_(share), before_(before) {}

  std::size_t left() const override { return share_.left(); }
  void hold(std::size_t bytes) override { share_.hold(before_ + bytes); }

 private:
  http::ByteBudget::Share& share_;
  std::size_t before_;
};

}  // namespace

Error too_many_answers() {
  return {
      ErrorCode::overloaded,
      "the answers in flight, in total or to this tenant or address, hold as many bytes as they "
      "may (--answer-mib, --answer-mib-per-tenant); read the answers, then try again"};
}

Result<> take_room(const Call& call, std::size_t bytes) {
  auto* room = call.request.answer_room;
  if (room == nullptr || room->raise_to(bytes)) return {};
  return fail(too_many_answers());
}

void keep_room(const Call& call, std::size_t bytes) {
  auto* room = call.request.answer_room;
  if (room != nullptr && bytes < room->bytes()) room->hold(bytes);
}

std::shared_ptr<store::ClaimRoom> claim_room(const Call& call, std::size_t held_before) {
  auto* room = call.request.answer_room;
  if (room == nullptr) return nullptr;
  return std::make_shared<LeaseRoom>(*room, held_before);
}

}  // namespace belfry::api
