#pragma once

#include "tests/stress/producer_link.h"

namespace sluice {

// A link to the store itself.
std::unique_ptr<ProducerLink> NewDirectLink(Storm& storm);

}  // namespace sluice
