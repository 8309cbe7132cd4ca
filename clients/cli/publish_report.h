// What pub and relay tell the user about a publishing call, under way and at
// its end.
#pragma once

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "clients/cli/pace.h"
#include "clients/cli/publisher.h"
#include "clients/cli/terminal.h"

namespace sluice {

// Rewrites the line of progress: what is sent, or with `acked` what is stored,
// and how fast.
void ShowProgress(Terminal& terminal, const PublishCounts& counts, bool acked,
                  RateMeter& meter);

// Tells of a call that is over: its failure, or on a terminal a summary. True
// if every event queued is stored. `unit` names the place of a refused event,
// counted from 1, e.g. `line `; empty: no place is named.
bool ReportOutcome(Terminal& terminal, const Publisher& publisher,
                   absl::string_view target, absl::string_view unit,
                   absl::Duration elapsed);

}  // namespace sluice
