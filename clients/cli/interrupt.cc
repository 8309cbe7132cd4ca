#include "clients/cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "clients/cli/exit_code.h"

namespace sluice {
namespace {

// A signal handler can be handed nothing, so this is the one global.
std::atomic<Interrupt*> g_interrupt{nullptr};

void OnSigint(int) {
  Interrupt* interrupt = g_interrupt.load();
  if (interrupt->raised()) _exit(kExitInterrupted);
  interrupt->Raise();
}

}  // namespace

void Interrupt::TakeSigint() {
  g_interrupt.store(this);
  struct sigaction action = {};
  action.sa_handler = OnSigint;
  sigemptyset(&action.sa_mask);
  // Without SA_RESTART: a write to a pipe that nobody reads must come back with
  // EINTR.
  sigaction(SIGINT, &action, nullptr);
}

void Interrupt::Raise() {
  raised_.store(true);
  wakeup_.Notify();
}

}  // namespace sluice
