#include "clients/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/exit_code.h"
#include "clients/cli/terminal.h"

namespace sluice {
namespace {

constexpr char kExamples[] = R"(
Examples:
  make 2>&1 | sluice pub build.42 --end     publish a build's log, and end the topic with it
  sluice sub build.42                       follow it
  sluice relay http://localhost:9000/tokens answer.42
  sluice topics 'build.*'                   what there is

In a browser: new EventSource('http://localhost:8080/v1/topics/build.42/events')

Exit codes: 0 all went well, 1 it did not, 2 bad usage, 130 Ctrl-C.
)";

std::string CheckTarget(const std::string& target) {
  if (absl::StartsWith(target, "http://") ||
      absl::StartsWith(target, "https://")) {
    return "HOST:PORT is meant, without http://";
  }
  return "";
}

void AddEndpoints(CLI::App& app, Endpoints& endpoints) {
  // So that the bridge's address may stand behind the command, too.
  app.fallthrough();
  app.add_option("--grpc", endpoints.grpc, "The bridge's gRPC address")
      ->option_text("HOST:PORT [localhost:50051]")
      ->envname("SLUICE_GRPC")
      ->check(CheckTarget);
  app.add_option("--http", endpoints.http, "The bridge's HTTP address")
      ->option_text("URL [http://localhost:8080]")
      ->envname("SLUICE_HTTP");
}

}  // namespace

int RunCommandLine(int argc, const char* const* argv, const Io& io) {
  Endpoints endpoints{"localhost:50051", "http://localhost:8080"};
  Command chosen;
  CLI::App app("Publishes to a Sluice bridge, and reads from it.", "sluice");
  app.set_version_flag("--version", absl::StrCat("sluice ", SLUICE_VERSION));
  app.require_subcommand(1);
  app.footer(kExamples);
  AddEndpoints(app, endpoints);
  for (const auto add : {AddPub, AddSub, AddRelay, AddTopics, AddHistory,
                         AddEnd, AddDelete, AddStop})
    add(app, chosen);
  try {
    app.parse(argc, argv);
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
  return chosen(endpoints, io);
}

}  // namespace sluice
