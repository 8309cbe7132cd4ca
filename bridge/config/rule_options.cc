#include "bridge/config/rule_options.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "bridge/config/option_maker.h"
#include "bridge/config/topic_bounds.h"
#include "bridge/event/selector.h"

namespace sluice {
namespace {

absl::Status CheckMatch(absl::string_view text) {
  if (absl::Status status = CheckPattern(text); !status.ok()) return status;
  if (CheckTopic(text).ok()) return CheckWritableTopic(text);
  if (absl::StartsWith(text, "sluice."))
    return absl::InvalidArgumentError(
        "no pattern matches the server's own topics, those under `sluice.`");
  return absl::OkStatus();
}

RuleOption MatchOption(absl::string_view sentence) {
  RuleOption option;
  option.name = "match";
  option.value = "PATTERN";
  option.bounds = "a topic's name or a pattern, not under `sluice.`";
  option.sentence = sentence;
  option.set = [](absl::string_view text, TopicRule& rule) {
    // YAML reads a bare `>` as the beginning of a text that is not there.
    if (text.empty()) {
      return absl::InvalidArgumentError(
          "must be a topic's name or a pattern (a lone > needs quotes)");
    }
    if (absl::Status status = CheckMatch(text); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "must be a topic's name or a pattern: ", status.message()));
    }
    rule.match = std::string(text);
    return absl::OkStatus();
  };
  option.get = [](const TopicRule& rule) { return rule.match; };
  return option;
}

// One of two words.
template <typename E>
RuleOption ChoiceOption(absl::string_view name,
                        absl::optional<E> TopicRule::*member,
                        std::pair<absl::string_view, E> one,
                        std::pair<absl::string_view, E> other,
                        absl::string_view sentence) {
  RuleOption option = MakeOption(
      name, member, "", absl::StrCat(one.first, " or ", other.first), sentence,
      [=](absl::string_view text) -> absl::optional<E> {
        if (text == one.first) return one.second;
        if (text == other.first) return other.second;
        return absl::nullopt;
      },
      [=](E value) {
        return std::string(value == one.second ? one.first : other.first);
      });
  option.value = "WORD";
  return option;
}

// A rule has its settings from its base; this is its own member for one.
template <typename T>
T TopicRule::*Of(T TopicSettingsPatch::*member) {
  return member;
}

std::vector<RuleOption> MakeTable() {
  using Patch = TopicSettingsPatch;
  using Start = TopicSettings::Start;
  using SlowReader = TopicSettings::SlowReader;
  return {
      MatchOption("The topics that the rule is for. In a pattern, `*` stands "
                  "for one whole token, and a final `>` for one or more; if it "
                  "begins with either, YAML wants quotes around it."),
      MakeCount("retention_events", Of(&Patch::retention_events),
                kRetentionEventsBounds, "Events that a topic keeps."),
      MakeSize("retention_bytes", Of(&Patch::retention_bytes),
               kRetentionBytesBounds, "Bytes of events that a topic keeps."),
      MakeDuration("retention_age", Of(&Patch::retention_age),
                   kRetentionAgeBounds, "How long a topic keeps an event."),
      ChoiceOption("default_start", Of(&Patch::default_start),
                   {"earliest", Start::kEarliest}, {"latest", Start::kLatest},
                   "Where a stream begins that does not say so itself."),
      ChoiceOption("slow_reader", Of(&Patch::slow_reader),
                   {"gap", SlowReader::kGap},
                   {"disconnect", SlowReader::kDisconnect},
                   "Whether a reader that retention overtakes is told of the "
                   "gap, or is disconnected."),
      MakeBool("coalesce", Of(&Patch::coalesce),
               "Join consecutive texts for a reader that is behind."),
      MakeBool("omit_done_marker", Of(&Patch::omit_done_marker),
               "End a stream by its close alone, without `[DONE]` and without "
               "the error event."),
  };
}

}  // namespace

const std::vector<RuleOption>& RuleOptions() {
  static const auto* const table = new std::vector<RuleOption>(MakeTable());
  return *table;
}

}  // namespace sluice
