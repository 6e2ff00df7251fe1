#include "delivery.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>

#include "belfry/json.hpp"
#include "fields.hpp"
#include "message.hpp"
#include "service.hpp"

namespace notification {
namespace {

namespace client = belfry::client;
using client::Json;
using client::PushOutcome;

std::string date_text() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &utc)};
}

std::string one_line(std::string text) {
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

}  // namespace

PushOutcome Delivery::deliver(const client::Push& push) {
  if (!example::is_task_id(push.task_id)) return PushOutcome::fail("no task id", false);
  {
    // A repeat of a push that is still in work must not send a second time beside it.
    const std::lock_guard lock(mutex_);
    if (!sending_.insert(push.task_id).second) {
      return PushOutcome::fail("is being sent by an earlier attempt");
    }
  }
  const std::shared_ptr<void> done(nullptr, [&](void*) {
    const std::lock_guard lock(mutex_);
    sending_.erase(push.task_id);
  });
  return send_once(push);
}

PushOutcome Delivery::send_once(const client::Push& push) {
  const auto payload = Json::parse(push.payload).value_or(Json());
  const auto fields = fields_of(payload["recipient"]);
  const auto to = payload["recipient"]["email"].string_or("");
  const auto subject = render(payload["subject"].string_or(""), fields);
  const auto body = render(payload["body"].string_or(""), fields);
  if (!is_address(to)) return PushOutcome::fail("no address", false);
  if (!subject) return PushOutcome::fail("subject: " + subject.error(), false);
  if (!body) return PushOutcome::fail("body: " + body.error(), false);
  const auto text = message({smtp_.sender, to, *subject, *body, push.task_id, date_text()});
  const bool smtp = !smtp_.url.empty();
  const auto file = data_ + (smtp ? "/sent/" + push.task_id : "/outbox/" + push.task_id + ".eml");
  const auto result = Json::object({{"to", to}, {"by", smtp ? "smtp" : "outbox"}});
  if (std::filesystem::exists(file)) return PushOutcome::complete(result);
  if (smtp) {
    const auto sent = send_smtp(smtp_, to, text);
    if (sent.kind != SmtpOutcome::Kind::sent) {
      std::fprintf(stderr, "belfry-notification: task %s is not sent: %s\n", push.task_id.c_str(),
                   one_line(sent.reason).c_str());
      return PushOutcome::fail(sent.reason, sent.kind == SmtpOutcome::Kind::temporary);
    }
  }
  example::write_file(file, smtp ? to : text);
  return PushOutcome::complete(result);
}

}  // namespace notification
