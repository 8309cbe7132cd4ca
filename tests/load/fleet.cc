#include "tests/load/fleet.h"

#include <utility>

namespace sluice {

void Fleet::Open(const std::string& group, size_t count,
                 const ClientOptions& options) {
  std::unique_ptr<FleetGroup>& known = groups_[group];
  if (known == nullptr) {
    known = std::make_unique<FleetGroup>(network_, options);
  }
  known->Add(count);
}

FleetGroup* Fleet::Find(const std::string& group) {
  const auto it = groups_.find(group);
  return it == groups_.end() ? nullptr : it->second.get();
}

void Fleet::Close(const std::string& group, bool reset) {
  const auto it = groups_.find(group);
  if (it == groups_.end()) return;
  it->second->Close(reset);
  network_.loop.DeleteLater(std::move(it->second));
  groups_.erase(it);
}

bool Fleet::EndTurn() {
  bool more = false;
  for (const auto& [name, group] : groups_) more |= group->ConnectSome();
  return more;
}

}  // namespace sluice
