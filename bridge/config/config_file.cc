#include "bridge/config/config_file.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bridge/config/options.h"
#include "bridge/config/rule_options.h"
#include "bridge/event/selector.h"

namespace sluice {
namespace {

// Guard: without it, a path such as /dev/zero would take all memory.
constexpr size_t kMaxFileBytes = kMiB;

// Each new topic looks at one after the other.
constexpr size_t kMaxRules = 1000;

absl::StatusOr<std::string> ReadText(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(&text[0], static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "config=", path, ": cannot be read: ", std::strerror(errno)));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "config=", path, ": must be at most ", kMaxFileBytes, " bytes long"));
  }
  return text;
}

// "FILE:LINE: ", the line counted from 1.
std::string Where(const std::string& path, const YAML::Mark& mark) {
  return mark.is_null() ? absl::StrCat(path, ": ")
                        : absl::StrCat(path, ":", mark.line + 1, ": ");
}

absl::Status ErrorAt(absl::string_view where, absl::string_view name,
                     absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(where, name, name.empty() ? "" : ": ", what));
}

absl::Status ReadRules(const std::string& path, const std::string& name,
                       const YAML::Node& list, std::vector<TopicRule>& rules);

template <typename Settings>
absl::Status SetFromNode(const std::string& path, const std::string& where,
                         const BasicOption<Settings>& option,
                         const YAML::Node& node, Settings& settings) {
  if (node.IsScalar()) return SetOption(option, where, node.Scalar(), settings);
  if (node.IsNull()) return ErrorAt(where, option.name, "the value is missing");
  if (option.rules != nullptr) {
    if (!node.IsSequence())
      return ErrorAt(where, option.name,
                     absl::StrCat("must be ", option.bounds));
    return ReadRules(path, std::string(option.name), node,
                     settings.*option.rules);
  }
  if (!option.is_list || !node.IsSequence())
    return ErrorAt(where, option.name, "must be a single value");
  std::vector<std::string> items;
  for (const YAML::Node& item : node) {
    if (!item.IsScalar())
      return ErrorAt(where, option.name, "must be a list of single values");
    items.push_back(item.Scalar());
  }
  return SetOption(option, where, absl::StrJoin(items, ","), settings);
}

// Reads a mapping whose keys are the options of `table`. `name` is its own, and
// empty for the whole document. May throw what yaml-cpp throws.
template <typename Settings>
absl::Status ReadMapping(const std::string& path, const std::string& name,
                         const YAML::Node& map,
                         const std::vector<BasicOption<Settings>>& table,
                         Settings& settings) {
  std::set<std::string> seen;
  for (const auto& entry : map) {
    const std::string line = Where(path, entry.first.Mark());
    if (!entry.first.IsScalar())
      return ErrorAt(line, name, "a key must be the name of a setting");
    const std::string where =
        name.empty() ? line : absl::StrCat(line, name, ".");
    const std::string& key = entry.first.Scalar();
    const BasicOption<Settings>* option = FindOption(table, key);
    if (option == nullptr) return UnknownOption(table, where, key);
    if (!option->in_file) return ErrorAt(where, key, "can only be a flag");
    if (!seen.insert(key).second)
      return ErrorAt(where, key, "is given more than once");
    if (absl::Status status =
            SetFromNode(path, where, *option, entry.second, settings);
        !status.ok())
      return status;
  }
  return absl::OkStatus();
}

// A rule below another that matches all its topics would never be used, and
// nobody would be told.
absl::Status CheckUsed(const std::string& where, const std::string& list_name,
                       const TopicRule& rule,
                       const std::vector<TopicRule>& above) {
  for (size_t i = 0; i < above.size(); ++i) {
    if (!Covers(above[i].match, rule.match)) continue;
    return RefuseValue(
        where, "match", rule.match,
        absl::StrCat("is never used: the first rule that matches counts, and ",
                     list_name, "[", i, "], ", above[i].match,
                     ", matches all of it"));
  }
  return absl::OkStatus();
}

absl::Status ReadRules(const std::string& path, const std::string& name,
                       const YAML::Node& list, std::vector<TopicRule>& rules) {
  if (list.size() > kMaxRules) {
    return ErrorAt(Where(path, list.Mark()), name,
                   absl::StrCat("must be at most ", kMaxRules, " rules"));
  }
  rules.clear();
  for (const YAML::Node& item : list) {
    const std::string line = Where(path, item.Mark());
    const std::string rule_name = absl::StrCat(name, "[", rules.size(), "]");
    if (!item.IsMap()) {
      return ErrorAt(line, rule_name,
                     "must be a mapping of a rule's keys to values");
    }
    TopicRule rule;
    absl::Status status =
        ReadMapping(path, rule_name, item, RuleOptions(), rule);
    if (status.ok() && rule.match.empty())
      status = ErrorAt(line, rule_name, "match is missing");
    if (status.ok())
      status = CheckUsed(absl::StrCat(line, rule_name, "."), name, rule, rules);
    if (!status.ok()) return status;
    rules.push_back(std::move(rule));
  }
  return absl::OkStatus();
}

// May throw what yaml-cpp throws.
absl::Status ReadDocument(const std::string& path, const YAML::Node& root,
                          Config& config) {
  if (root.IsNull()) return absl::OkStatus();
  if (!root.IsMap()) {
    return ErrorAt(Where(path, root.Mark()), "",
                   "must be a mapping of settings to values");
  }
  return ReadMapping(path, "", root, Options(), config);
}

}  // namespace

absl::Status ReadConfigFile(const std::string& path, Config& config) {
  const absl::StatusOr<std::string> text = ReadText(path);
  if (!text.ok()) return text.status();
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(*text);
    if (documents.size() > 1) {
      return ErrorAt(Where(path, documents[1].Mark()), "",
                     "must be one YAML document");
    }
    if (documents.empty()) return absl::OkStatus();
    return ReadDocument(path, documents[0], config);
  } catch (const YAML::Exception& e) {
    const absl::string_view hint =
        e.msg == YAML::ErrorMsg::UNKNOWN_ANCHOR
            ? " (a text that begins with * needs quotes)"
            : "";
    return ErrorAt(Where(path, e.mark), "",
                   absl::StrCat("is not YAML: ", e.msg, hint));
  } catch (const std::exception& e) {
    return ErrorAt(absl::StrCat(path, ": "), "",
                   absl::StrCat("is not YAML: ", e.what()));
  }
}

}  // namespace sluice
