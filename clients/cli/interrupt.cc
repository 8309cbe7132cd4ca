#include "clients/cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <initializer_list>

namespace sluice {
namespace {

// A signal handler can be handed nothing, so this is the one global.
std::atomic<Interrupt*> g_interrupt{nullptr};

void OnSignal(int signal) {
  Interrupt* interrupt = g_interrupt.load();
  if (interrupt->raised()) _exit(128 + signal);
  interrupt->Raise(signal);
}

void Take(int signal) {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  // Without SA_RESTART: a write to a pipe that nobody reads must come back with
  // EINTR.
  sigaction(signal, &action, nullptr);
}

}  // namespace

void Interrupt::TakeSigint() {
  g_interrupt.store(this);
  Take(SIGINT);
}

void Interrupt::TakeTermination() {
  if (g_interrupt.load() != this) return;
  for (const int signal : {SIGTERM, SIGHUP}) {
    struct sigaction before = {};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) Take(signal);
  }
}

void Interrupt::Raise(int signal) {
  signal_.store(signal);
  raised_.store(true);
  wakeup_.Notify();
}

}  // namespace sluice
