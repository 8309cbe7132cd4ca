#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace sluice {

class TopicView;

// Who watches which patterns: finds those whose pattern selects a topic in a
// walk along the topic's tokens, however many there are.
//
// Thread safety: none; the hub's lock guards it.
class PatternIndex {
 public:
  PatternIndex() = default;
  PatternIndex(const PatternIndex&) = delete;
  PatternIndex& operator=(const PatternIndex&) = delete;

  bool empty() const { return root_.empty(); }

  // `pattern` must have passed CheckPattern.
  void Insert(absl::string_view pattern, TopicView* view);
  void Remove(absl::string_view pattern, const TopicView* view);

  // Adds those that a pattern selects `topic` for; one that watches several
  // patterns may be added more than once.
  void Find(absl::string_view topic, std::vector<TopicView*>& found) const;

 private:
  // What is watched below the tokens that lead here.
  struct Node {
    absl::flat_hash_map<std::string, std::unique_ptr<Node>> tokens;  // `*` too
    std::vector<TopicView*> here;  // the pattern ends here
    std::vector<TopicView*> rest;  // it goes on with `>`

    bool empty() const {
      return tokens.empty() && here.empty() && rest.empty();
    }
  };

  static bool RemoveFrom(Node& node, absl::string_view pattern,
                         const TopicView* view);
  static void FindIn(const Node& node, absl::string_view topic,
                     std::vector<TopicView*>& found);

  Node root_;
};

}  // namespace sluice
