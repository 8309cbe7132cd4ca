#include "clients/cli/shared_options.h"

#include <CLI/CLI.hpp>

#include "clients/cli/status_text.h"

namespace sluice {

CLI::Option* AddTopic(CLI::App& command, std::string& topic) {
  return command.add_option("TOPIC", topic, "The topic, e.g. build.42")
      ->option_text(" ")
      ->required()
      ->check(
          [](const std::string& name) {
            return name.empty() ? "it is empty" : "";
          },
          "");
}

absl::optional<v1::Error> Failure::error() const {
  if (!message) return absl::nullopt;
  v1::Error error;
  error.set_code(*ParseFailureCode(code));
  error.set_message(*message);
  return error;
}

CLI::Option* AddFail(CLI::App& command, const std::string& meaning,
                     Failure& failure) {
  auto* fail = command.add_option("--fail", failure.message, meaning)
                   ->option_text("MESSAGE");
  command
      .add_option("--code", failure.code,
                  "The failure's gRPC status code, by name or number")
      ->option_text("CODE [UNKNOWN]")
      ->needs(fail)
      ->check([](const std::string& code) {
        return ParseFailureCode(code)
                   ? ""
                   : "a gRPC status code is meant, e.g. ABORTED, or 1-16";
      });
  return fail;
}

bool IsDuration(const std::string& text, absl::Duration least) {
  absl::Duration duration;
  return absl::ParseDuration(text, &duration) && duration >= least;
}

}  // namespace sluice
