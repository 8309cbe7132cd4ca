// The commands of `sluice` as the command line has them: what the options of
// each are, and what they mean together.
//
// Threads: one.
#pragma once

#include <CLI/App.hpp>
#include <functional>

#include "clients/cli/io.h"

namespace sluice {

// Runs a command whose options have been read; returns the exit code.
using Command = std::function<int(const Endpoints& endpoints, const Io& io)>;

// Each adds its command to `app`, and sets `chosen` when `app` has parsed a
// command line that names it. `chosen` must outlive `app`.
void AddPub(CLI::App& app, Command& chosen);
void AddSub(CLI::App& app, Command& chosen);
void AddRelay(CLI::App& app, Command& chosen);
void AddTopics(CLI::App& app, Command& chosen);
void AddHistory(CLI::App& app, Command& chosen);
void AddEnd(CLI::App& app, Command& chosen);
void AddDelete(CLI::App& app, Command& chosen);
void AddStop(CLI::App& app, Command& chosen);

}  // namespace sluice
