#include "clients/cli/publish_report.h"

#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "clients/cli/status_text.h"

namespace sluice {
namespace {

std::string Events(std::uint64_t count) {
  return absl::StrCat(count, count == 1 ? " event" : " events");
}

// Where in the input the event is that the server refuses, if its path says so;
// from 1.
absl::optional<std::uint64_t> RefusedPlace(const Publisher& publisher) {
  for (const FieldViolation& violation : FieldViolations(publisher.status())) {
    std::size_t request = 0;
    std::size_t event = 0;
    if (std::sscanf(violation.field.c_str(), "requests[%zu].events[%zu]",
                    &request, &event) != 2)
      continue;
    if (const auto before = publisher.EventsBefore(request, event))
      return *before + 1;
  }
  return absl::nullopt;
}

}  // namespace

void ShowProgress(Terminal& terminal, const PublishCounts& counts, bool acked,
                  RateMeter& meter) {
  if (!terminal.shows_progress()) return;
  const absl::Time now = SteadyNow();
  const std::uint64_t done =
      acked ? counts.accepted + counts.duplicates : counts.sent;
  std::string text =
      acked ? absl::StrCat(done, " of ", Events(counts.queued), " acked")
            : Events(done);
  absl::StrAppendFormat(&text, ", %.0f/s", meter.Rate(done, now));
  if (counts.subscribers) {
    absl::StrAppend(&text, ", ", *counts.subscribers,
                    *counts.subscribers == 1 ? " reader" : " readers");
  }
  terminal.Progress(text, now);
}

bool ReportOutcome(Terminal& terminal, const Publisher& publisher,
                   absl::string_view target, absl::string_view unit,
                   absl::Duration elapsed) {
  const grpc::Status status = publisher.status();
  const PublishCounts counts = publisher.counts();
  if (!status.ok()) {
    std::string sentence = Describe(status, target);
    const auto place = unit.empty() ? absl::nullopt : RefusedPlace(publisher);
    if (place) absl::StrAppend(&sentence, ", ", unit, *place);
    terminal.Note(sentence);
    if (counts.accepted_known)
      terminal.Note(
          absl::StrCat(Events(counts.accepted), " accepted before that"));
    return false;
  }
  if (counts.accepted + counts.duplicates != counts.queued) {
    terminal.Note(absl::StrCat("the bridge says it has ",
                               counts.accepted + counts.duplicates, " of ",
                               Events(counts.queued)));
    return false;
  }
  std::string summary = absl::StrCat(Events(counts.accepted), " accepted");
  if (counts.duplicates > 0)
    absl::StrAppend(&summary, ", ", counts.duplicates, " there already");
  absl::StrAppendFormat(&summary, ", in %.1f s",
                        absl::ToDoubleSeconds(elapsed));
  terminal.Summary(summary);
  return true;
}

}  // namespace sluice
