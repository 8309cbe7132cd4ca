#include <CLI/CLI.hpp>
#include <memory>

#include "clients/cli/commands.h"
#include "clients/cli/pub.h"
#include "clients/cli/shared_options.h"

namespace sluice {
namespace {

constexpr char kPubExamples[] = R"(
Examples:
  make 2>&1 | sluice pub build.42 --end
  journalctl -f -o cat | sluice pub logs.web
  jq -c '.[]' prices.json | sluice pub prices --json --type tick --rate 10
  sluice pub report.7 --whole --id report-7 --acked < report.txt
  sluice pub build.42 --fail 'out of disk' --code RESOURCE_EXHAUSTED < /dev/null
  ./generate | sluice pub answer.42 --feedback --end
  sluice pub logs.web --start-on-interest 'tail -n +1 -F /var/log/web.log'

Without --end or --fail the topic stays open, and another producer may go on with it.

With --feedback, readers that come and go are told on standard error, and a reader's wish to stop (sluice stop) is the
end of the input: the topic ends if --end or --fail say so, and the exit code is 0.

--start-on-interest implies --feedback. CMD runs by /bin/sh -c in a process group of its own, from when the first reader
comes until the last one has left; then its group gets SIGTERM, after 5 s SIGKILL, and the next reader starts it anew.
What it prints is the input; what it prints after SIGTERM is dropped. SLUICE_EVENTS in its environment is how many lines
of its output have become events so far, so that it can go on where it was. If it exits while somebody reads, that is
the end of the input. If it exits with anything but 0, --end fails the topic, and the exit code is 1.
)";

struct PubArguments {
  PubOptions options;
  bool end = false;
  Failure failure;
};

void AddEnds(CLI::App& pub, PubArguments& arguments) {
  auto* end = pub.add_flag("--end", arguments.end,
                           "End the topic as completed after the input");
  AddFail(pub, "End the topic as failed after the input", arguments.failure)
      ->excludes(end);
  pub.add_flag("--on-abort-fail", arguments.options.on_abort_fail,
               "Let the topic fail if this producer goes without an end");
}

void AddFeedback(CLI::App& pub, CLI::Option* whole, PubOptions& options) {
  pub.add_flag(
      "--acked", options.acked,
      "Publish with feedback: acks as events are stored, and who reads");
  pub.add_flag("--feedback", options.feedback,
               "Tell who reads, and stop when a reader asks to");
  pub.add_option("--start-on-interest", options.command,
                 "The input is what CMD prints, which runs while the topic has "
                 "readers")
      ->option_text("CMD")
      ->excludes(whole)
      ->check([](const std::string& command) {
        return command.empty() ? "it is empty" : "";
      });
}

void FinishPub(PubArguments& arguments) {
  absl::optional<v1::End>& end = arguments.options.end;
  if (arguments.end) end.emplace();
  if (const auto error = arguments.failure.error())
    *end.emplace().mutable_error() = *error;
}

}  // namespace

void AddPub(CLI::App& app, Command& chosen) {
  CLI::App& pub =
      *app.add_subcommand("pub", "Publish standard input, a line an event");
  const auto arguments = std::make_shared<PubArguments>();
  PubOptions& options = arguments->options;
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
  AddEnds(pub, *arguments);
  pub.add_flag("--new", options.create,
               "Begin a new topic, in place of one that has ended");
  AddFeedback(pub, whole, options);
  pub.add_option("--rate", options.rate, "So many events a second at most")
      ->option_text("N")
      ->check(CLI::Range(0.001, 1e9).description(""));
  pub.add_flag("--quiet,-q", options.quiet, "No progress, no notes on readers");
  pub.footer(kPubExamples);
  pub.callback([arguments, &chosen] {
    FinishPub(*arguments);
    chosen = [arguments](const Endpoints& endpoints, const Io& io) {
      return RunPub(arguments->options, endpoints, io);
    };
  });
}

}  // namespace sluice
