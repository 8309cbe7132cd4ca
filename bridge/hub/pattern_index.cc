#include "bridge/hub/pattern_index.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"

namespace sluice {
namespace {

// The first token of `text`, which is left with what follows the dot.
absl::string_view TakeToken(absl::string_view& text) {
  const size_t dot = text.find('.');
  const absl::string_view token = text.substr(0, dot);
  text = dot == absl::string_view::npos ? absl::string_view()
                                        : text.substr(dot + 1);
  return token;
}

void RemoveOne(std::vector<TopicView*>& views, const TopicView* view) {
  const auto it = std::find(views.begin(), views.end(), view);
  if (it != views.end()) views.erase(it);
}

}  // namespace

void PatternIndex::Insert(absl::string_view pattern, TopicView* view) {
  Node* node = &root_;
  while (!pattern.empty()) {
    const absl::string_view token = TakeToken(pattern);
    if (token == ">") {
      node->rest.push_back(view);
      return;
    }
    std::unique_ptr<Node>& next = node->tokens[token];
    if (next == nullptr) next = std::make_unique<Node>();
    node = next.get();
  }
  node->here.push_back(view);
}

void PatternIndex::Remove(absl::string_view pattern, const TopicView* view) {
  RemoveFrom(root_, pattern, view);
}

// True if the node is empty afterwards.
bool PatternIndex::RemoveFrom(Node& node, absl::string_view pattern,
                              const TopicView* view) {
  if (pattern.empty()) {
    RemoveOne(node.here, view);
  } else if (pattern == ">") {
    RemoveOne(node.rest, view);
  } else {
    const auto it = node.tokens.find(TakeToken(pattern));
    if (it != node.tokens.end() && RemoveFrom(*it->second, pattern, view))
      node.tokens.erase(it);
  }
  return node.empty();
}

void PatternIndex::Find(absl::string_view topic,
                        std::vector<TopicView*>& found) const {
  // The server's own topics are selected by their names alone.
  if (topic == "sluice" || absl::StartsWith(topic, "sluice.")) return;
  FindIn(root_, topic, found);
}

void PatternIndex::FindIn(const Node& node, absl::string_view topic,
                          std::vector<TopicView*>& found) {
  if (topic.empty()) {
    found.insert(found.end(), node.here.begin(), node.here.end());
    return;
  }
  found.insert(found.end(), node.rest.begin(), node.rest.end());
  const absl::string_view token = TakeToken(topic);
  for (absl::string_view next : {token, absl::string_view("*")}) {
    const auto it = node.tokens.find(next);
    if (it != node.tokens.end()) FindIn(*it->second, topic, found);
  }
}

}  // namespace sluice
