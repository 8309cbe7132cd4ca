#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/cli/commands.h"
#include "clients/cli/shared_options.h"
#include "clients/cli/sub.h"

namespace sluice {
namespace {

constexpr char kSubExamples[] = R"(
Examples:
  sluice sub build.42
  sluice sub prices --from latest --json | jq -r .data
  sluice sub build.42 --last 10
  sluice sub --topic build.41 --topic build.42
  sluice sub 'build.>' --from earliest
  sluice sub build.42 --last-event-id "$LAST" --max-reconnect-time inf

Of several topics, or of a pattern (`*` is one token, a final `>` one or more), each line has its topic in front. A
topic that ends is told on standard error. The command ends when all topics that are named have ended, and with a pattern
never. With a pattern it starts with the latest, unless --from says otherwise.

Each event is printed once. A lost connection is made again, and goes on after the last event that came: first after
the pause that the bridge asks for, then after longer ones, until --max-reconnect-time is over. A first connection that
fails is not tried again.

If events that were asked for are no longer kept, a line on standard error says why, and from which cursor it went on.
With --json the bridge's `sluice.gap` is printed as well, where they are missing.

With --json an event is {"topic","id","cursor","type","data","json","time"}: `cursor` is its place, to come back to with
--last-event-id as with `id`; `data` is text, and `json` says whether that text is JSON; `time` is when the bridge took it,
null for the bridge's own.

Exit codes: 0 the topic is completed; 1 it failed (or one of several), the bridge refused, or the connection is lost for good; 2 bad usage;
130 Ctrl-C.
)";

struct SubArguments {
  SubOptions options;
  std::string topic;
  std::vector<std::string> more;
  int heartbeat = 15;
  std::string max_reconnect_time = "1m";
  bool no_reconnect = false;
};

void AddSelector(CLI::App& sub, SubArguments& arguments) {
  AddTopic(sub, arguments.topic)->required(false);
  sub.add_option("--topic", arguments.more,
                 "A topic, or a pattern of topics; repeatable")
      ->option_text("TOPIC")
      ->type_size(1)
      ->allow_extra_args(false)
      ->check([](const std::string& name) {
        return name.empty() ? "it is empty" : "";
      });
}

void AddReconnect(CLI::App& sub, SubArguments& arguments) {
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

void FinishSub(SubArguments& arguments) {
  SubOptions& sub = arguments.options;
  if (!arguments.topic.empty()) sub.topics.push_back(arguments.topic);
  for (const std::string& topic : arguments.more) sub.topics.push_back(topic);
  if (sub.topics.empty()) throw CLI::RequiredError("TOPIC or --topic");
  sub.heartbeat = absl::Seconds(arguments.heartbeat);
  absl::ParseDuration(arguments.max_reconnect_time, &sub.reconnect.at_most);
  if (arguments.no_reconnect) sub.reconnect.at_most = absl::ZeroDuration();
}

}  // namespace

void AddSub(CLI::App& app, Command& chosen) {
  CLI::App& sub =
      *app.add_subcommand("sub", "Print the events of topics as they come");
  const auto arguments = std::make_shared<SubArguments>();
  SubOptions& options = arguments->options;
  AddSelector(sub, *arguments);
  sub.add_flag("--json", options.json,
               "One JSON object an event and a line: topic, id, cursor, type, "
               "data, json, time");
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
  AddReconnect(sub, *arguments);
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
  sub.callback([arguments, &chosen] {
    FinishSub(*arguments);
    chosen = [arguments](const Endpoints& endpoints, const Io& io) {
      return RunSub(arguments->options, endpoints, io);
    };
  });
}

}  // namespace sluice
