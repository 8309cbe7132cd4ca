#include "clients/cli/command_line.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "clients/cli/exit_code.h"
#include "clients/cli/pub.h"
#include "clients/cli/relay.h"
#include "clients/cli/status_text.h"
#include "clients/cli/sub.h"
#include "clients/cli/terminal.h"

namespace sluice {
namespace {

constexpr char kExamples[] = R"(
Examples:
  make 2>&1 | sluice pub build.42 --end     publish a build's log, and end the topic with it
  sluice sub build.42                       follow it
  sluice relay http://localhost:9000/tokens answer.42

In a browser: new EventSource('http://localhost:8080/v1/topics/build.42/events')

Exit codes: 0 all went well, 1 it did not, 2 bad usage, 130 Ctrl-C.
)";

constexpr char kPubExamples[] = R"(
Examples:
  make 2>&1 | sluice pub build.42 --end
  journalctl -f -o cat | sluice pub logs.web
  jq -c '.[]' prices.json | sluice pub prices --json --type tick --rate 10
  sluice pub report.7 --whole --id report-7 --acked < report.txt
  sluice pub build.42 --fail 'out of disk' --code RESOURCE_EXHAUSTED < /dev/null

Without --end or --fail the topic stays open, and another producer may go on with it.
)";

constexpr char kSubExamples[] = R"(
Examples:
  sluice sub build.42
  sluice sub prices --from latest --json | jq -r .data
  sluice sub build.42 --last 10
  sluice sub build.42 --last-event-id "$LAST" --max-reconnect-time inf

Each event is printed once. A lost connection is made again, and goes on after the last event that came: first after
the pause that the bridge asks for, then after longer ones, until --max-reconnect-time is over. A first connection that
fails is not tried again.

If events that were asked for are no longer kept, a line on standard error says why, and from which cursor it went on.
With --json the bridge's `sluice.gap` is printed as well, where they are missing.

Exit codes: 0 the topic is completed; 1 it failed, the bridge refused, or the connection is lost for good; 2 bad usage;
130 Ctrl-C.
)";

constexpr char kRelayExamples[] = R"(
Examples:
  sluice relay http://localhost:9000/tokens answer.42
  sluice relay https://llm.example/v1/chat/completions answer.42 --idle-timeout 2m \
      --header "Authorization: Bearer $KEY" --data @question.json

The end of the upstream, `[DONE]` included, completes the topic; a failure, or silence, fails it.
)";

// All that CLI11 fills in.
struct Arguments {
  Endpoints endpoints{"localhost:50051", "http://localhost:8080"};
  PubOptions pub;
  bool end = false;
  absl::optional<std::string> fail;
  std::string code = "UNKNOWN";
  SubOptions sub;
  int heartbeat = 15;
  std::string max_reconnect_time = "1m";
  bool no_reconnect = false;
  RelayOptions relay;
  absl::optional<std::string> data;
  std::string idle_timeout = "20s";
};

bool IsDuration(const std::string& text, absl::Duration least) {
  absl::Duration duration;
  return absl::ParseDuration(text, &duration) && duration >= least;
}

void AddTopic(CLI::App& command, std::string& topic) {
  command.add_option("TOPIC", topic, "The topic, e.g. build.42")
      ->option_text(" ")
      ->required()
      ->check(
          [](const std::string& name) {
            return name.empty() ? "it is empty" : "";
          },
          "");
}

void AddPub(CLI::App& app, Arguments& arguments) {
  CLI::App& pub =
      *app.add_subcommand("pub", "Publish standard input, a line an event");
  PubOptions& options = arguments.pub;
  AddTopic(pub, options.topic);
  auto* whole = pub.add_flag("--whole", options.shape.whole,
                             "All of standard input is one event");
  pub.add_option(
         "--id", options.shape.id,
         "The event's id: sent again, it is not stored twice (needs --whole)")
      ->option_text("ID")
      ->needs(whole);
  pub.add_option("--type", options.shape.type,
                 "The type of each event: `event:` in SSE")
      ->option_text("TYPE");
  pub.add_flag("--json", options.shape.json,
               "Each line, or the whole, is JSON");
  auto* end = pub.add_flag("--end", arguments.end,
                           "End the topic as completed after the input");
  auto* fail = pub.add_option("--fail", arguments.fail,
                              "End the topic as failed after the input")
                   ->option_text("MESSAGE")
                   ->excludes(end);
  pub.add_option("--code", arguments.code,
                 "The failure's gRPC status code, by name or number")
      ->option_text("CODE [UNKNOWN]")
      ->needs(fail)
      ->check([](const std::string& code) {
        return ParseFailureCode(code)
                   ? ""
                   : "a gRPC status code is meant, e.g. ABORTED, or 1-16";
      });
  pub.add_flag("--on-abort-fail", options.on_abort_fail,
               "Let the topic fail if this producer goes without an end");
  pub.add_flag("--new", options.create,
               "Begin a new topic, in place of one that has ended");
  pub.add_flag(
      "--acked", options.acked,
      "Publish with feedback: acks as events are stored, and who reads");
  pub.add_option("--rate", options.rate, "So many events a second at most")
      ->option_text("N")
      ->check(CLI::Range(0.001, 1e9).description(""));
  pub.add_flag("--quiet,-q", options.quiet, "No progress");
  pub.footer(kPubExamples);
}

void AddReconnect(CLI::App& sub, Arguments& arguments) {
  sub.add_option("--heartbeat", arguments.heartbeat,
                 "Seconds between signs of life that the bridge is asked for; "
                 "three that are missing are a lost connection")
      ->option_text("N [15]")
      ->check(CLI::Range(1, 60).description(""));
  auto* most =
      sub.add_option("--max-reconnect-time", arguments.max_reconnect_time,
                     "How long to try to reach the bridge again after a lost "
                     "connection, e.g. 30s, 1h, inf")
          ->option_text("DURATION [1m]")
          ->check([](const std::string& text) {
            return IsDuration(text, absl::ZeroDuration())
                       ? ""
                       : "a duration is meant, e.g. 0, 30s, 1h, inf";
          });
  sub.add_flag("--no-reconnect", arguments.no_reconnect,
               "Exit at the first lost connection")
      ->excludes(most);
}

void AddSub(CLI::App& app, Arguments& arguments) {
  CLI::App& sub =
      *app.add_subcommand("sub", "Print a topic's events as they come");
  SubOptions& options = arguments.sub;
  AddTopic(sub, options.topic);
  sub.add_flag("--json", options.json,
               "One JSON object an event and a line: topic, id, type, data");
  sub.add_option("--from", options.from,
                 "Where to start; earliest, unless the topic says otherwise")
      ->option_text("earliest|latest")
      ->check(CLI::IsMember({"earliest", "latest"}).description(""));
  sub.add_option("--last", options.last,
                 "Start with the last N events; wins over --from")
      ->option_text("N")
      ->check(CLI::Range(0, 1000000000).description(""));
  sub.add_option("--last-event-id", options.last_event_id,
                 "Start after this id or cursor; wins over --from and --last")
      ->option_text("ID")
      ->check([](const std::string& id) {
        return id.find_first_of("\r\n") == std::string::npos
                   ? ""
                   : "an id is one line";
      });
  AddReconnect(sub, arguments);
  sub.add_option("--error-event", options.error_event,
                 "What the bridge's error_event is set to; only needed if a "
                 "producer's last event may look like a failed end")
      ->option_text("TYPE")
      ->check([](const std::string& type) {
        return type.empty() ? "it is empty" : "";
      });
  sub.add_flag("--quiet,-q", options.quiet,
               "No notes on missing events and lost connections");
  sub.footer(kSubExamples);
}

void AddRelay(CLI::App& app, Arguments& arguments) {
  CLI::App& relay = *app.add_subcommand(
      "relay", "Publish an HTTP stream: server-sent events, or lines");
  RelayOptions& options = arguments.relay;
  relay
      .add_option("URL", options.upstream.url, "What to follow, http or https")
      ->option_text(" ")
      ->required();
  AddTopic(relay, options.topic);
  relay
      .add_option("--header,-H", options.upstream.headers,
                  "A header of the request, `Name: value`; repeatable")
      ->option_text("HEADER")
      ->type_size(1)
      ->allow_extra_args(false)
      ->check([](const std::string& header) {
        const auto colon = header.find(':');
        const bool good = colon != std::string::npos && colon > 0;
        return good && header.find_first_of("\r\n") == std::string::npos
                   ? ""
                   : "`Name: value` is meant, on one line";
      });
  relay
      .add_option("--data,-d", arguments.data,
                  "POST this body, or that of a file with @FILE; JSON unless a "
                  "header says otherwise")
      ->option_text("BODY");
  relay
      .add_option("--idle-timeout", arguments.idle_timeout,
                  "Silence that counts as a failure, e.g. 500ms, 20s, 1m")
      ->option_text("DURATION [20s]")
      ->check([](const std::string& text) {
        return IsDuration(text, absl::Nanoseconds(1))
                   ? ""
                   : "a duration above 0 is meant, e.g. 500ms, 20s, 1m";
      });
  relay.add_flag("--new", options.create,
                 "Begin a new topic, in place of one that has ended");
  relay.add_flag("--quiet,-q", options.quiet, "No progress");
  relay.footer(kRelayExamples);
}

std::string CheckTarget(const std::string& target) {
  if (absl::StartsWith(target, "http://") ||
      absl::StartsWith(target, "https://")) {
    return "HOST:PORT is meant, without http://";
  }
  return "";
}

void AddAll(CLI::App& app, Arguments& arguments) {
  app.set_version_flag("--version", absl::StrCat("sluice ", SLUICE_VERSION));
  app.require_subcommand(1);
  // So that the bridge's address may stand behind the command, too.
  app.fallthrough();
  app.add_option("--grpc", arguments.endpoints.grpc,
                 "The bridge's gRPC address")
      ->option_text("HOST:PORT [localhost:50051]")
      ->envname("SLUICE_GRPC")
      ->check(CheckTarget);
  app.add_option("--http", arguments.endpoints.http,
                 "The bridge's HTTP address")
      ->option_text("URL [http://localhost:8080]")
      ->envname("SLUICE_HTTP");
  AddPub(app, arguments);
  AddSub(app, arguments);
  AddRelay(app, arguments);
  app.footer(kExamples);
}

bool HasHeader(const HttpRequest& request, absl::string_view name) {
  for (const std::string& header : request.headers) {
    if (absl::StartsWithIgnoreCase(header, absl::StrCat(name, ":")))
      return true;
  }
  return false;
}

// Throws CLI::ValidationError if the file can't be read.
std::string ReadBody(const std::string& data) {
  if (!absl::StartsWith(data, "@")) return data;
  const std::string path = data == "@-" ? "/dev/stdin" : data.substr(1);
  std::ifstream file(path, std::ios::binary);
  std::string body{std::istreambuf_iterator<char>(file), {}};
  if (!file)
    throw CLI::ValidationError("--data", absl::StrCat("can't read ", path));
  return body;
}

void FinishPub(Arguments& arguments) {
  if (arguments.end) arguments.pub.end.emplace();
  if (!arguments.fail) return;
  v1::Error& error = *arguments.pub.end.emplace().mutable_error();
  error.set_code(*ParseFailureCode(arguments.code));
  error.set_message(*arguments.fail);
}

void FinishSub(Arguments& arguments) {
  SubOptions& sub = arguments.sub;
  sub.heartbeat = absl::Seconds(arguments.heartbeat);
  absl::ParseDuration(arguments.max_reconnect_time, &sub.reconnect.at_most);
  if (arguments.no_reconnect) sub.reconnect.at_most = absl::ZeroDuration();
}

void FinishRelay(Arguments& arguments) {
  HttpRequest& upstream = arguments.relay.upstream;
  absl::ParseDuration(arguments.idle_timeout, &arguments.relay.idle_timeout);
  upstream.follow_redirects = true;
  if (!HasHeader(upstream, "Accept"))
    upstream.headers.push_back("Accept: text/event-stream, */*;q=0.9");
  if (!arguments.data) return;
  upstream.body = ReadBody(*arguments.data);
  if (!HasHeader(upstream, "Content-Type"))
    upstream.headers.push_back("Content-Type: application/json");
  // Not every server knows `100-continue`; curl would wait a second for it.
  upstream.headers.push_back("Expect:");
}

}  // namespace

int RunCommandLine(int argc, const char* const* argv, const Io& io) {
  CLI::App app("Publishes to a Sluice bridge, and reads from it.", "sluice");
  Arguments arguments;
  AddAll(app, arguments);
  try {
    app.parse(argc, argv);
    if (app.got_subcommand("pub")) FinishPub(arguments);
    if (app.got_subcommand("sub")) FinishSub(arguments);
    if (app.got_subcommand("relay")) FinishRelay(arguments);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const bool bad = app.exit(error, out, err) != 0;
    std::cout << out.str() << std::flush;
    if (bad)
      Terminal(io.err, /*quiet=*/true)
          .Note(absl::StrCat(error.what(), " (see sluice --help)"));
    return bad ? kExitUsage : kExitOk;
  }
  if (app.got_subcommand("pub"))
    return RunPub(arguments.pub, arguments.endpoints, io);
  if (app.got_subcommand("sub"))
    return RunSub(arguments.sub, arguments.endpoints, io);
  return RunRelay(arguments.relay, arguments.endpoints, io);
}

}  // namespace sluice
