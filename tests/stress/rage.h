#pragma once

#include <cstddef>

#include "tests/stress/producer_link.h"
#include "tests/stress/storm.h"

namespace sluice {

// What the topics of storms keep unless they say otherwise.
TopicSettings StormDefaults();

// Lets a storm rage for SLUICE_STORM_SECONDS, or for `seconds` if that is not
// set, prints what it was, and fails the test for whatever is found to be wrong
// or left open behind it.
void Rage(Storm& storm, const LinkFactory& make_link, int seconds);

// The threads of this process.
size_t CountThreads();

}  // namespace sluice
