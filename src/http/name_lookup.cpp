#include "http/name_lookup.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <map>
#include <unordered_map>

namespace belfry::http {

namespace asio = boost::asio;
using Addresses = std::vector<asio::ip::address>;
using TimePoint = std::chrono::steady_clock::time_point;

namespace {

constexpr std::size_t kCachedNamesMax = 4'096;
// The hosts file has no time to live; reading it for every call would cost more than the call.
constexpr std::chrono::seconds kCachedAtLeast{1};
constexpr std::chrono::seconds kCachedAtMost{30};

// One question and everyone who waits for its answer.
struct Question {
  NameLookup::Found found;
  bool answered = false;
  std::vector<std::shared_ptr<asio::steady_timer>> waiting;

  void wake_all() {
    for (auto& timer : waiting) timer->cancel();
    waiting.clear();
  }
};

}  // namespace

struct NameLookup::State : std::enable_shared_from_this<NameLookup::State> {
  State(asio::any_io_executor on, std::unique_ptr<Resolver> by, NameLookupOptions with)
      : executor(std::move(on)), resolver(std::move(by)), options(with) {}

  using Asked = std::pair<std::string, std::string>;  // pool key, name
  struct Cached {
    Addresses addresses;
    TimePoint until;
  };
  struct Turns {
    std::size_t running = 0;
    std::deque<std::pair<std::string, std::shared_ptr<Question>>> queued;
  };

  std::shared_ptr<Question> join(const std::string& key, const std::string& host);
  void start(const std::string& key, const std::string& host,
             const std::shared_ptr<Question>& question);
  void answered(const std::string& key, const std::string& host, Question& question,
                Resolution answer);
  void next_turn(const std::string& key);
  void remember(const std::string& host, const Resolution& answer);

  asio::any_io_executor executor;
  std::unique_ptr<Resolver> resolver;
  NameLookupOptions options;
  std::unordered_map<std::string, Cached> cache;
  std::map<Asked, std::shared_ptr<Question>> open;
  std::unordered_map<std::string, Turns> turns;
  bool closed = false;
};

// The question for this name that is on its way, or a new one.
std::shared_ptr<Question> NameLookup::State::join(const std::string& key, const std::string& host) {
  auto& slot = open[Asked(key, host)];
  if (slot) return slot;
  slot = std::make_shared<Question>();
  const auto question = slot;  // `start` may answer at once and so drop the slot
  auto& mine = turns[key];
  if (mine.running >= options.per_key) {
    mine.queued.emplace_back(host, question);
  } else {
    ++mine.running;
    start(key, host, question);
  }
  return question;
}

void NameLookup::State::start(const std::string& key, const std::string& host,
                              const std::shared_ptr<Question>& question) {
  resolver->resolve(host, [weak = weak_from_this(), key, host, question](Resolution answer) {
    if (const auto self = weak.lock()) self->answered(key, host, *question, std::move(answer));
  });
}

void NameLookup::State::answered(const std::string& key, const std::string& host,
                                 Question& question, Resolution answer) {
  if (closed) return;
  if (!answer.addresses.empty()) remember(host, answer);
  question.found = {std::move(answer.addresses), answer.own_trouble};
  question.answered = true;
  question.wake_all();
  open.erase(Asked(key, host));
  next_turn(key);
}

void NameLookup::State::next_turn(const std::string& key) {
  auto& mine = turns[key];
  --mine.running;
  while (!mine.queued.empty()) {
    const auto [host, question] = std::move(mine.queued.front());
    mine.queued.pop_front();
    if (question->waiting.empty()) {  // everyone who asked has given up
      open.erase(Asked(key, host));
      continue;
    }
    ++mine.running;
    start(key, host, question);
    return;
  }
  if (mine.running == 0) turns.erase(key);
}

void NameLookup::State::remember(const std::string& host, const Resolution& answer) {
  const auto now = std::chrono::steady_clock::now();
  if (cache.size() >= kCachedNamesMax) {
    std::erase_if(cache, [&](const auto& entry) { return entry.second.until <= now; });
    if (cache.size() >= kCachedNamesMax) cache.erase(cache.begin());
  }
  cache[host] = {answer.addresses, now + std::clamp(answer.ttl, kCachedAtLeast, kCachedAtMost)};
}

NameLookup::NameLookup(asio::any_io_executor executor, std::unique_ptr<Resolver> resolver,
                       NameLookupOptions options)
    : state_(std::make_shared<State>(std::move(executor), std::move(resolver), options)) {}

NameLookup::~NameLookup() {
  close();
}

Addresses NameLookup::cached(const std::string& host) {
  const auto found = state_->cache.find(host);
  if (found == state_->cache.end()) return {};
  if (found->second.until > std::chrono::steady_clock::now()) return found->second.addresses;
  state_->cache.erase(found);
  return {};
}

asio::awaitable<NameLookup::Found> NameLookup::resolve(std::string key, std::string host,
                                                       TimePoint deadline) {
  const auto state = state_;  // may outlive this object
  if (state->closed) co_return Found{};
  const auto question = state->join(key, host);
  if (!question->answered) {
    const auto timer = std::make_shared<asio::steady_timer>(state->executor);
    timer->expires_at(std::min(deadline, std::chrono::steady_clock::now() + state->options.budget));
    question->waiting.push_back(timer);
    boost::system::error_code woken;
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    std::erase(question->waiting, timer);
  }
  co_return question->found;
}

void NameLookup::close() {
  if (state_->closed) return;
  state_->closed = true;
  for (auto& [asked, question] : state_->open) question->wake_all();
  state_->open.clear();
  state_->turns.clear();
  state_->resolver.reset();
}

}  // namespace belfry::http
