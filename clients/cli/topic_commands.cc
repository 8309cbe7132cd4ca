#include <CLI/CLI.hpp>
#include <memory>

#include "clients/cli/commands.h"
#include "clients/cli/history.h"
#include "clients/cli/shared_options.h"
#include "clients/cli/topic_changes.h"
#include "clients/cli/topics.h"

namespace sluice {
namespace {

constexpr char kTopicsExamples[] = R"(
Examples:
  sluice topics
  sluice topics 'build.>'
  sluice topics --json | jq -r 'select(.state == "failed") | .name'

In a pattern `*` stands for one whole token, and a final `>` for one or more.
)";

constexpr char kHistoryExamples[] = R"(
Examples:
  sluice history build.42
  sluice history build.42 --last 20 --json
  sluice history build.42 --after "$CURSOR"

Unlike `sluice sub` it does not wait for what comes next. If events that were asked for are no longer kept, a line on
standard error says why, and from which cursor it went on.

Exit codes: 0 all went well; 1 the topic has failed (after its events), or is not there; 2 bad usage; 130 Ctrl-C.
)";

constexpr char kEndExamples[] = R"(
Examples:
  sluice end build.42
  sluice end build.42 --fail 'the builder is gone' --code ABORTED

Whoever publishes to it from then on is refused. Ending a topic twice in the same way is no mistake.
)";

constexpr char kDeleteExamples[] = R"(
Example:
  sluice delete build.42

Its readers are told that it failed with NOT_FOUND.
)";

constexpr char kStopExamples[] = R"(
Example:
  sluice stop answer.42 --reason 'seen enough'

Producers that listen are told (sluice pub --feedback, PublishWithFeedback); what they do about it is up to them.
If there is none, the exit code is 1.
)";

}  // namespace

void AddTopics(CLI::App& app, Command& chosen) {
  CLI::App& topics = *app.add_subcommand("topics", "List topics");
  const auto options = std::make_shared<TopicsOptions>();
  topics
      .add_option("PATTERN", options->pattern,
                  "A topic or a pattern, e.g. 'build.*'; all, if left out")
      ->option_text(" ");
  topics.add_flag("--json", options->json,
                  "One JSON object a topic and a line");
  topics.footer(kTopicsExamples);
  topics.callback([options, &chosen] {
    chosen = [options](const Endpoints& endpoints, const Io& io) {
      return RunTopics(*options, endpoints, io);
    };
  });
}

void AddHistory(CLI::App& app, Command& chosen) {
  CLI::App& history =
      *app.add_subcommand("history", "Print the events that a topic keeps");
  const auto options = std::make_shared<HistoryOptions>();
  AddTopic(history, options->topic);
  auto* after = history
                    .add_option("--after", options->after,
                                "Begin after this cursor or id")
                    ->option_text("ID");
  history.add_option("--last", options->last, "The last N events, 1 to 1000")
      ->option_text("N")
      ->check(CLI::Range(1, 1000).description(""))
      ->excludes(after);
  history.add_flag(
      "--json", options->json,
      "One JSON object an event and a line: topic, id, cursor, type, data, "
      "json, time");
  history.add_flag("--quiet,-q", options->quiet, "No notes on missing events");
  history.footer(kHistoryExamples);
  history.callback([options, &chosen] {
    chosen = [options](const Endpoints& endpoints, const Io& io) {
      return RunHistory(*options, endpoints, io);
    };
  });
}

void AddEnd(CLI::App& app, Command& chosen) {
  struct Arguments {
    std::string topic;
    Failure failure;
  };
  CLI::App& end = *app.add_subcommand("end", "End a topic");
  const auto arguments = std::make_shared<Arguments>();
  AddTopic(end, arguments->topic);
  AddFail(end, "As failed; it is completed otherwise", arguments->failure);
  end.footer(kEndExamples);
  end.callback([arguments, &chosen] {
    chosen = [arguments](const Endpoints& endpoints, const Io& io) {
      return RunEnd(arguments->topic, arguments->failure.error(), endpoints,
                    io);
    };
  });
}

void AddDelete(CLI::App& app, Command& chosen) {
  CLI::App& remove =
      *app.add_subcommand("delete", "Delete a topic and its events");
  const auto topic = std::make_shared<std::string>();
  AddTopic(remove, *topic);
  remove.footer(kDeleteExamples);
  remove.callback([topic, &chosen] {
    chosen = [topic](const Endpoints& endpoints, const Io& io) {
      return RunDelete(*topic, endpoints, io);
    };
  });
}

void AddStop(CLI::App& app, Command& chosen) {
  struct Arguments {
    std::string topic;
    std::string reason;
  };
  CLI::App& stop =
      *app.add_subcommand("stop", "Ask a topic's producers to stop");
  const auto arguments = std::make_shared<Arguments>();
  AddTopic(stop, arguments->topic);
  stop.add_option("--reason", arguments->reason, "What they are told")
      ->option_text("TEXT");
  stop.footer(kStopExamples);
  stop.callback([arguments, &chosen] {
    chosen = [arguments](const Endpoints& endpoints, const Io& io) {
      return RunStop(arguments->topic, arguments->reason, endpoints, io);
    };
  });
}

}  // namespace sluice
