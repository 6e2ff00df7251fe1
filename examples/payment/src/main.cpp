// belfry-payment: reconciles a ledger with a processor's settlement file, as a task that the
// scheduler pushes back to this service.
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>

#include "reconcile.hpp"
#include "runs.hpp"
#include "samples.hpp"
#include "service.hpp"

namespace {

namespace client = belfry::client;
using client::Json;
using client::Request;
using client::Response;

struct Service {
  explicit Service(example::Flags given) : flags(std::move(given)), runs(flags.data + "/runs") {}
  example::Flags flags;
  payment::Runs runs;
  std::unique_ptr<client::Client> scheduler;
  std::atomic<bool> ready{false};
};

Json summary_of(const payment::Report& report) {
  auto summary = Json::object(
      {{"ledgerRows", report.ledger_rows}, {"settlementRows", report.settlement_rows}});
  for (int i = 0; i <= static_cast<int>(payment::Kind::duplicate); ++i) {
    const auto kind = static_cast<payment::Kind>(i);
    const auto found = report.counts.find(kind);
    summary.set(std::string(name(kind)), found == report.counts.end() ? 0 : found->second);
  }
  auto matched = Json::object();
  for (const auto& [currency, minor] : report.matched_minor) {
    matched.set(currency, payment::amount_text(minor, currency));
  }
  return summary.set("matchedAmounts", std::move(matched));
}

Json side_of(const std::optional<payment::Entry>& entry) {
  if (!entry) return {};
  return Json::object({{"date", entry->date},
                       {"amount", payment::amount_text(entry->minor, entry->currency)},
                       {"currency", entry->currency}});
}

Json report_json(const payment::Report& report, const Json& summary) {
  auto findings = Json::array();
  for (const auto& finding : report.findings) {
    findings.push(Json::object({{"finding", name(finding.kind)},
                                {"reference", finding.reference},
                                {"ledger", side_of(finding.ledger)},
                                {"settlement", side_of(finding.settlement)}}));
  }
  return Json::object({{"summary", summary}, {"findings", std::move(findings)}});
}

// The run's id is the idempotency key, so that a repeat after a crash is the same task.
client::Result<client::Task> submit(Service& service, const std::string& run_id) {
  client::Submission task;
  task.task_name = "reconcile-payments";
  task.queue = "payments";
  task.priority = 8;
  task.payload = Json::object({{"runId", run_id}});
  task.tags = {run_id};
  task.target = client::Target{client::Target::Kind::http,
                               service.flags.public_url + "/api/payments/execute"};
  task.callback_url = service.flags.public_url + "/api/payments/callback";
  auto submitted = service.scheduler->submit(task, run_id);
  if (submitted) {
    service.runs.update(run_id, [&](Json& run) { run.set("taskId", submitted->id); });
  }
  return submitted;
}

Response reconcile(Service& service, const Request& request) {
  if (!service.ready) return Response::problem(503, "not registered at the scheduler yet");
  std::string ledger(payment::samples::ledger);
  std::string settlement(payment::samples::settlement);
  if (!request.body.empty()) {
    const auto body = Json::parse(request.body);
    if (!body || !(*body)["ledgerCsv"].is_string() || !(*body)["settlementCsv"].is_string()) {
      return Response::problem(422, R"(send {"ledgerCsv": …, "settlementCsv": …} or no body)");
    }
    ledger = (*body)["ledgerCsv"].string_or("");
    settlement = (*body)["settlementCsv"].string_or("");
  }
  const auto run_id = service.runs.create(ledger, settlement);
  const auto task = submit(service, run_id);
  auto answer = Json::object({{"runId", run_id}});
  // Without an answer the run stays, and is submitted again when the service starts next.
  answer.set("taskId", task ? Json(task->id) : Json()).set("status", "SUBMITTED");
  return Response::json(202, answer);
}

client::PushOutcome execute(Service& service, const client::Push& push) {
  const auto payload = Json::parse(push.payload).value_or(Json());
  const auto run_id = payload["runId"].string_or("");
  const auto ledger_csv = service.runs.file(run_id, "ledger.csv");
  const auto settlement_csv = service.runs.file(run_id, "settlement.csv");
  if (!ledger_csv || !settlement_csv) return client::PushOutcome::fail("no such run", false);
  service.runs.update(run_id, [](Json& run) {
    if (run["status"].string_or("") == "SUBMITTED") run.set("status", "RUNNING");
  });
  const auto ledger = payment::parse_entries(*ledger_csv);
  if (!ledger) return client::PushOutcome::fail("ledger: " + ledger.error(), false);
  const auto settlement = payment::parse_entries(*settlement_csv);
  if (!settlement) return client::PushOutcome::fail("settlement: " + settlement.error(), false);
  const auto report = payment::reconcile(*ledger, *settlement);
  const auto summary = summary_of(report);
  service.runs.put_file(run_id, "report.json", report_json(report, summary).dump());
  service.runs.put_file(run_id, "report.csv", payment::report_csv(report));
  service.runs.update(run_id, [&](Json& run) { run.set("summary", summary); });
  return client::PushOutcome::complete(summary);
}

client::Receipt close_run(Service& service, const client::Event& event) {
  for (const auto& tag : event.document["tags"].items()) {
    service.runs.update(tag.string_or(""), [&event](Json& run) {
      run.set("status", event.status == "COMPLETED" ? "COMPLETED" : "FAILED");
      run.set("taskId", event.task_id).set("taskStatus", event.status);
      if (!event.error_message.empty()) run.set("errorMessage", event.error_message);
    });
  }
  return client::Receipt::taken;
}

Response file_answer(Service& service, const Request& request, const char* name, const char* type) {
  auto text = service.runs.file(request.params.at(0), name);
  if (!text) return Response::problem(404, "no such run, or it has no report yet");
  return Response::text(200, type, std::move(*text));
}

void add_routes(client::Receiver& receiver, Service& service) {
  receiver.route("POST", "/api/payments/reconcile",
                 [&service](const Request& request) { return reconcile(service, request); });
  receiver.on_push("/api/payments/execute",
                   [&service](const client::Push& push) { return execute(service, push); });
  receiver.on_webhook("/api/payments/callback",
                      [&service](const client::Event& event) { return close_run(service, event); });
  receiver.route("GET", "/api/payments/runs", [&service](const Request&) {
    return Response::json(200, Json::array(service.runs.list()));
  });
  receiver.route("GET", "/api/payments/runs/{runId}", [&service](const Request& request) {
    return file_answer(service, request, "run.json", "application/json");
  });
  receiver.route("GET", "/api/payments/runs/{runId}/report", [&service](const Request& request) {
    return file_answer(service, request, "report.json", "application/json");
  });
  receiver.route("GET", "/api/payments/runs/{runId}/report.csv",
                 [&service](const Request& request) {
                   return file_answer(service, request, "report.csv", "text/csv; charset=utf-8");
                 });
}

// Gets the account, then submits what an earlier life of this service accepted and could not hand
// over.
void set_up(Service& service, client::Receiver& receiver, const std::stop_token& stop) {
  auto connected = example::connect(service.flags, "payment-service", receiver, stop);
  if (!connected) return;
  service.scheduler = std::make_unique<client::Client>(std::move(*connected));
  const std::stop_callback close(stop, [&service] { service.scheduler->close(); });
  service.ready = true;
  for (const auto& run : service.runs.list()) {
    const bool open = run["status"].string_or("") == "SUBMITTED" && run["taskId"].is_null();
    if (open && !stop.stop_requested()) submit(service, run["runId"].string_or(""));
  }
}

}  // namespace

int main(int argc, char** argv) {
  example::Flags defaults;
  defaults.port = 8081;
  defaults.data = "data/payment";
  Service service(example::read_flags(argc, argv, "belfry-payment", defaults));
  example::block_stop_signals();
  client::ReceiverOptions options;
  options.address = service.flags.address;
  options.port = service.flags.port;
  auto receiver = client::Receiver::make(options);
  if (!receiver) {
    std::fprintf(stderr, "belfry-payment: %s\n", receiver.error().detail.c_str());
    return 1;
  }
  const auto url = "http://" + service.flags.address + ":" + std::to_string(receiver->port());
  if (service.flags.public_url.empty()) service.flags.public_url = url;
  add_routes(*receiver, service);
  receiver->start();
  std::printf("listening on %s\n", url.c_str());
  std::fflush(stdout);
  std::jthread setup([&](const std::stop_token& stop) { set_up(service, *receiver, stop); });
  example::wait_for_stop();
  setup.request_stop();
  setup.join();
  receiver->stop();
  return 0;
}
