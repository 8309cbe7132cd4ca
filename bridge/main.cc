#include <signal.h>

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "bridge/base/log.h"
#include "bridge/bridge.h"
#include "bridge/config/help_text.h"
#include "bridge/config/parse_options.h"

namespace {

constexpr int kCannotRun = 1;
constexpr int kBadUsage = 2;

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

int Run(const sluice::Config& config) {
  // Blocked before any thread is there, so that all inherit it: this one waits.
  const sigset_t stop = StopSignals();
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  signal(SIGPIPE, SIG_IGN);

  sluice::ConfigureLog(config.log_level, config.log_format);
  auto bridge = sluice::Bridge::Start(config);
  if (!bridge.ok()) {
    std::cerr << "sluice-bridge: " << bridge.status().message() << "\n";
    return absl::IsInvalidArgument(bridge.status()) ? kBadUsage : kCannotRun;
  }
  std::cout << "sluice ready grpc=" << config.grpc_listen.host << ":"
            << (*bridge)->grpc_port() << " http=" << config.http_listen.host
            << ":" << (*bridge)->http_port() << std::endl;

  int signal_number;
  sigwait(&stop, &signal_number);
  // A second signal ends the process at once.
  pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);
  (*bridge)->Drain();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto parsed =
      sluice::ParseOptions(std::vector<std::string>(argv + 1, argv + argc));
  if (!parsed.ok()) {
    std::cerr << "sluice-bridge: " << parsed.status().message() << "\n";
    return kBadUsage;
  }
  using Action = sluice::ParsedOptions::Action;
  switch (parsed->action) {
    case Action::kHelp:
      std::cout << sluice::HelpText();
      return 0;
    case Action::kHelpMarkdown:
      std::cout << sluice::SettingsTable();
      return 0;
    case Action::kVersion:
      std::cout << "sluice-bridge " SLUICE_VERSION "\n";
      return 0;
    case Action::kRun:
      return Run(parsed->config);
  }
}
