// `sluice`: the command line client of a Sluice bridge.
#include <curl/curl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "clients/cli/command_line.h"
#include "clients/cli/interrupt.h"
#include "clients/cli/io.h"

int main(int argc, char** argv) {
  // A closed pipe is an error of its write, not the end of the process.
  signal(SIGPIPE, SIG_IGN);
  // gRPC's own lines on standard error say again what the command says in a
  // sentence.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  curl_global_init(CURL_GLOBAL_DEFAULT);

  // The signal handler refers to it until the very end.
  static sluice::Interrupt interrupt;
  interrupt.TakeSigint();
  return sluice::RunCommandLine(
      argc, argv,
      sluice::Io{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, interrupt});
}
