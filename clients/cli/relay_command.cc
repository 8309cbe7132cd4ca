#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "clients/cli/commands.h"
#include "clients/cli/relay.h"
#include "clients/cli/shared_options.h"

namespace sluice {
namespace {

constexpr char kRelayExamples[] = R"(
Examples:
  sluice relay http://localhost:9000/tokens answer.42
  sluice relay https://llm.example/v1/chat/completions answer.42 --idle-timeout 2m \
      --header "Authorization: Bearer $KEY" --data @question.json

The end of the upstream, `[DONE]` included, completes the topic; a failure, or silence, fails it.
)";

struct RelayArguments {
  RelayOptions options;
  absl::optional<std::string> data;
  std::string idle_timeout = "20s";
};

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

void FinishRelay(RelayArguments& arguments) {
  HttpRequest& upstream = arguments.options.upstream;
  absl::ParseDuration(arguments.idle_timeout, &arguments.options.idle_timeout);
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

void AddRelay(CLI::App& app, Command& chosen) {
  CLI::App& relay = *app.add_subcommand(
      "relay", "Publish an HTTP stream: server-sent events, or lines");
  const auto arguments = std::make_shared<RelayArguments>();
  RelayOptions& options = arguments->options;
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
      .add_option("--data,-d", arguments->data,
                  "POST this body, or that of a file with @FILE; JSON unless a "
                  "header says otherwise")
      ->option_text("BODY");
  relay
      .add_option("--idle-timeout", arguments->idle_timeout,
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
  relay.callback([arguments, &chosen] {
    FinishRelay(*arguments);
    chosen = [arguments](const Endpoints& endpoints, const Io& io) {
      return RunRelay(arguments->options, endpoints, io);
    };
  });
}

}  // namespace sluice
