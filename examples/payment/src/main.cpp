// belfry-payment: reconciles a ledger with a processor's settlement file, as a task that the
// scheduler pushes back to this service.
#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "dialect.hpp"
#include "reconcile.hpp"
#include "report_json.hpp"
#include "runs.hpp"
#include "samples.hpp"
#include "service.hpp"

namespace {

namespace client = belfry::client;
using client::Json;
using client::Request;
using client::Response;

// With the default backoff of 1 s, doubled, a restart of this service passes unnoticed.
constexpr int kAttemptsMax = 6;

struct Service : example::Service {
  explicit Service(example::Flags given)
      : example::Service(std::move(given)), runs(flags.data + "/runs") {}
  payment::Runs runs;
};

void fail(Service& service, const std::string& run_id, const std::string& reason) {
  service.runs.update(run_id, [&reason](Json& run) {
    if (!payment::has_ended(run)) run.set("status", "FAILED").set("errorMessage", reason);
  });
}

// Hands the run over. Its id is the idempotency key, so that a repeat after a crash is the same
// task. A run that the scheduler refuses has failed; one that it cannot take now stays ACCEPTED,
// and a later round tries again.
void submit(Service& service, client::Client& scheduler, const std::string& run_id) {
  client::Submission task;
  task.task_name = "reconcile-payments";
  task.queue = "payments";
  task.priority = 8;
  task.max_attempts = kAttemptsMax;
  task.payload = Json::object({{"runId", run_id}});
  task.tags = {run_id};
  task.target = client::Target{client::Target::Kind::http,
                               service.flags.public_url + "/api/payments/execute"};
  task.callback_url = service.flags.public_url + "/api/payments/callback";
  const auto submitted = scheduler.submit(task, run_id);
  if (!submitted) {
    if (!example::is_refusal(submitted.error())) return;
    fail(service, run_id, "the scheduler refused: " + example::text_of(submitted.error()));
    return;
  }
  service.runs.update(run_id, [&](Json& run) {
    run.set("taskId", submitted->id);
    if (run["status"].string_or("") == "ACCEPTED") run.set("status", "SUBMITTED");
  });
}

struct Files {
  std::string ledger;
  std::string settlement;
};

// One file in the default dialect, or what is wrong with it.
std::expected<std::string, std::string> plain_csv(const std::string& csv,
                                                  const payment::Dialect& dialect) {
  const auto entries = payment::parse_entries(csv, dialect);
  if (!entries) return std::unexpected(entries.error());
  return payment::entries_csv(*entries);
}

// The bundled files without a body.
std::expected<Files, std::string> uploaded_files(const Request& request) {
  const auto dialects = payment::dialects_of(request.query);
  if (!dialects) return std::unexpected(dialects.error());
  if (request.body.empty()) {
    if (!request.query.empty()) {
      return std::unexpected("the query describes uploaded files; the bundled ones take none");
    }
    return Files{std::string(payment::samples::ledger), std::string(payment::samples::settlement)};
  }
  const auto body = Json::parse(request.body);
  if (!body || !(*body)["ledgerCsv"].is_string() || !(*body)["settlementCsv"].is_string()) {
    return std::unexpected(R"(send {"ledgerCsv": …, "settlementCsv": …} or no body)");
  }
  auto ledger = plain_csv((*body)["ledgerCsv"].string_or(""), dialects->ledger);
  if (!ledger) return std::unexpected("ledgerCsv: " + ledger.error());
  auto settlement = plain_csv((*body)["settlementCsv"].string_or(""), dialects->settlement);
  if (!settlement) return std::unexpected("settlementCsv: " + settlement.error());
  return Files{std::move(*ledger), std::move(*settlement)};
}

Response reconcile(Service& service, const Request& request) {
  auto* scheduler = service.scheduler.load();
  if (scheduler == nullptr) return Response::problem(503, "no account at the scheduler yet");
  const auto files = uploaded_files(request);
  if (!files) return Response::problem(422, files.error());
  const auto run_id = service.runs.create(files->ledger, files->settlement);
  submit(service, *scheduler, run_id);
  const auto run = service.runs.find(run_id).value_or(Json());
  return Response::json(202, Json::object({{"runId", run_id},
                                           {"taskId", run["taskId"]},
                                           {"status", run["status"]},
                                           {"errorMessage", run["errorMessage"]}}));
}

client::PushOutcome execute(Service& service, const client::Push& push) {
  const auto payload = Json::parse(push.payload).value_or(Json());
  const auto run_id = payload["runId"].string_or("");
  const auto ledger_csv = service.runs.file(run_id, "ledger.csv");
  const auto settlement_csv = service.runs.file(run_id, "settlement.csv");
  if (!ledger_csv || !settlement_csv) return client::PushOutcome::fail("no such run", false);
  service.runs.update(run_id, [](Json& run) {
    if (!payment::has_ended(run)) run.set("status", "RUNNING");
  });
  const auto ledger = payment::parse_entries(*ledger_csv);
  if (!ledger) return client::PushOutcome::fail("ledger: " + ledger.error(), false);
  const auto settlement = payment::parse_entries(*settlement_csv);
  if (!settlement) return client::PushOutcome::fail("settlement: " + settlement.error(), false);
  const auto report = payment::reconcile(*ledger, *settlement);
  const auto summary = payment::summary_json(report);
  service.runs.put_file(run_id, "report.json", payment::report_json(report).dump());
  service.runs.put_file(run_id, "report.csv", payment::report_csv(report));
  service.runs.update(run_id, [&summary](Json& run) { run.set("summary", summary); });
  return client::PushOutcome::complete(summary);
}

void close_run(Service& service, const std::string& run_id, const client::Task& task) {
  service.runs.update(run_id, [&task](Json& run) {
    run.set("status", task.status == "COMPLETED" ? "COMPLETED" : "FAILED");
    run.set("taskId", task.id).set("taskStatus", task.status);
    run.set("errorMessage", task.error_message.empty() ? Json() : Json(task.error_message));
  });
}

client::Receipt take_event(Service& service, const client::Event& event) {
  client::Task task;
  task.id = event.task_id;
  task.status = event.status;
  task.error_message = event.error_message;
  for (const auto& tag : event.document["tags"].items()) {
    close_run(service, tag.string_or(""), task);
  }
  return client::Receipt::taken;
}

// Webhooks tell the end of a task, but a service that was down for long may have missed one.
void ask_after(Service& service, client::Client& scheduler, const Json& run) {
  const auto run_id = run["runId"].string_or("");
  const auto task = scheduler.get(run["taskId"].string_or(""));
  if (!task) {
    if (task.error().status == 404) fail(service, run_id, "the scheduler lost the task");
    return;
  }
  for (const auto* end : {"COMPLETED", "FAILED", "CANCELLED", "EXPIRED"}) {
    if (task->status == end) close_run(service, run_id, *task);
  }
}

void round(Service& service, bool check) {
  auto& scheduler = *service.scheduler.load();
  for (const auto& run : service.runs.open()) {
    if (run["taskId"].is_null()) submit(service, scheduler, run["runId"].string_or(""));
  }
  if (!check) return;
  for (const auto& run : service.runs.open()) {
    if (!run["taskId"].is_null()) ask_after(service, scheduler, run);
  }
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
  receiver.on_webhook("/api/payments/callback", [&service](const client::Event& event) {
    return take_event(service, event);
  });
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

}  // namespace

int main(int argc, char** argv) {
  example::Flags defaults;
  defaults.port = 8081;
  defaults.data = "data/payment";
  Service service(example::read_flags(argc, argv, "belfry-payment", defaults));
  example::Program program;
  program.name = "belfry-payment";
  program.tenant = "payment-service";
  program.add_routes = [&service](client::Receiver& receiver) { add_routes(receiver, service); };
  program.round = [&service](bool check) { round(service, check); };
  return example::run(service, program);
}
