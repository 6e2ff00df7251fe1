// One channel is shared by all questions. It speaks datagrams only, so that no name, whatever its
// servers do, fails the others' questions. A question that it cannot answer gets a channel of its
// own, with larger datagrams and TCP, and both again, with pauses, while its budget lasts.
#include "http/resolver.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "http/cares_channel.hpp"
#include "http/descriptors.hpp"

namespace belfry::http {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using TimePoint = std::chrono::steady_clock::time_point;

constexpr int kLargeAnswerBytes = 4'096;
// Each costs some 80 KB and two sockets; who finds no room asks the shared one again.
constexpr int kOwnChannelsMax = 64;
constexpr milliseconds kPauseMin{100};
constexpr milliseconds kPauseMax{800};
// c-ares 1.18 turns EDNS off for good once a server has failed a question with it.
constexpr std::chrono::seconds kChannelRenewal{1};

struct Search {
  Search(const asio::any_io_executor& executor, std::string name, Resolver::Done then,
         TimePoint deadline)
      : host(std::move(name)), done(std::move(then)), until(deadline), timer(executor) {}
  std::string host;
  Resolver::Done done;
  TimePoint until;
  milliseconds pause = kPauseMin;
  std::shared_ptr<CaresChannel> channel;
  asio::steady_timer timer;
};

class PatientResolver final : public Resolver {
 public:
  PatientResolver(asio::any_io_executor executor, ResolverOptions options)
      : executor_(std::move(executor)), options_(std::move(options)), shared_(make_shared_one()) {}
  ~PatientResolver() override;
  PatientResolver(const PatientResolver&) = delete;
  PatientResolver& operator=(const PatientResolver&) = delete;
  void resolve(const std::string& host, Done done) override;

 private:
  using SearchOf = std::shared_ptr<Search>;
  std::shared_ptr<CaresChannel> make_shared_one();
  void ask_shared(const SearchOf& search);
  void ask_alone(const SearchOf& search);
  void wait(const SearchOf& search);
  void let_go(const SearchOf& search);
  void renew_shared();
  void end(const SearchOf& search, Resolution answer);

  asio::any_io_executor executor_;
  ResolverOptions options_;
  TimePoint shared_since_;
  std::shared_ptr<CaresChannel> shared_;
  int own_channels_ = 0;
  std::unordered_set<SearchOf> open_;
  // Callbacks that come after the end look here first.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

PatientResolver::~PatientResolver() {
  *alive_ = false;
  const auto open = std::exchange(open_, {});
  for (const auto& search : open) std::exchange(search->done, nullptr)({});
  // A channel and the search that it works for hold one another.
  for (const auto& search : open) search->channel.reset();
}

std::shared_ptr<CaresChannel> PatientResolver::make_shared_one() {
  shared_since_ = std::chrono::steady_clock::now();
  ChannelOptions options;
  options.first_try = options_.budget / 5;
  options.servers = options_.servers;
  return std::make_shared<CaresChannel>(executor_, options);
}

void PatientResolver::resolve(const std::string& host, Done done) {
  const auto until = std::chrono::steady_clock::now() + options_.budget;
  const auto search = std::make_shared<Search>(executor_, host, std::move(done), until);
  open_.insert(search);
  ask_shared(search);
}

void PatientResolver::ask_shared(const SearchOf& search) {
  search->channel = shared_;
  shared_->ask(search->host, [this, alive = alive_, search](Answered how, Resolution answer) {
    if (!*alive || !search->done) return;
    let_go(search);
    if (how != Answered::not_now) return end(search, std::move(answer));
    renew_shared();
    ask_alone(search);
  });
}

void PatientResolver::ask_alone(const SearchOf& search) {
  if (own_channels_ >= kOwnChannelsMax) return wait(search);
  ChannelOptions options;
  options.first_try = options_.budget / 5;
  options.tries = 1;
  options.answer_bytes_max = kLargeAnswerBytes;
  options.datagrams_only = false;
  options.servers = options_.servers;
  try {
    search->channel = std::make_shared<CaresChannel>(executor_, options);
  } catch (const std::runtime_error&) {
    return wait(search);
  }
  ++own_channels_;
  search->channel->ask(search->host,
                       [this, alive = alive_, search](Answered how, Resolution answer) {
                         if (!*alive) return;
                         --own_channels_;
                         if (!search->done) return;
                         let_go(search);
                         if (how != Answered::not_now) return end(search, std::move(answer));
                         wait(search);
                       });
}

// A pause, and then both ways again.
void PatientResolver::wait(const SearchOf& search) {
  if (std::chrono::steady_clock::now() + search->pause >= search->until) return end(search, {});
  search->timer.expires_after(search->pause);
  search->pause = std::min(search->pause * 2, kPauseMax);
  search->timer.async_wait([this, alive = alive_, search](const boost::system::error_code& failed) {
    if (*alive && !failed && search->done) ask_shared(search);
  });
}

// Its channel may be the one that calls: it goes once that has returned.
void PatientResolver::let_go(const SearchOf& search) {
  asio::post(executor_, [channel = std::move(search->channel)] {});
}

void PatientResolver::renew_shared() {
  if (std::chrono::steady_clock::now() - shared_since_ < kChannelRenewal) return;
  try {
    auto old = std::exchange(shared_, make_shared_one());
    asio::post(executor_, [old = std::move(old)] {});
  } catch (const std::runtime_error&) {
    return;  // out of descriptors or memory: the old one still works
  }
}

void PatientResolver::end(const SearchOf& search, Resolution answer) {
  if (answer.addresses.empty()) answer.own_trouble = out_of_descriptors();
  const auto done = std::exchange(search->done, nullptr);
  open_.erase(search);
  done(std::move(answer));
}

}  // namespace

std::unique_ptr<Resolver> make_resolver(asio::any_io_executor executor, ResolverOptions options) {
  return std::make_unique<PatientResolver>(std::move(executor), std::move(options));
}

}  // namespace belfry::http
