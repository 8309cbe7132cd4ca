#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/types/optional.h"
#include "tests/stress/http_side.h"

namespace sluice {

// A call that publishes and wants to hear of its topics' readers.
class ListeningCall {
 public:
  virtual ~ListeningCall() = default;

  virtual void Name(const std::string& topic) = 0;
  // Ends the topic, and holds it no longer.
  virtual void End(const std::string& topic) = 0;

  // Whether somebody reads, as it was told last; empty: it was told nothing.
  virtual absl::optional<bool> told() = 0;
};

// A reader that comes and leaves; a call that names its topic and ends it, and
// another: in every order, what a call was told last is what is so. Needs an
// HTTP side of one loop.
void RunFeedbackRaces(
    HttpSide& side,
    const std::function<std::unique_ptr<ListeningCall>()>& make_call);

}  // namespace sluice
