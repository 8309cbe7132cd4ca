#include "bridge/config/config_file.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bridge/config/options.h"

namespace sluice {
namespace {

// Guard: without it, a path such as /dev/zero would take all memory.
constexpr size_t kMaxFileBytes = kMiB;

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

absl::Status SetFromNode(const std::string& where, const Option& option,
                         const YAML::Node& node, Config& config) {
  if (node.IsScalar()) return SetOption(option, where, node.Scalar(), config);
  if (node.IsNull()) return ErrorAt(where, option.name, "the value is missing");
  if (!option.is_list || !node.IsSequence())
    return ErrorAt(where, option.name, "must be a single value");
  std::vector<std::string> items;
  for (const YAML::Node& item : node) {
    if (!item.IsScalar())
      return ErrorAt(where, option.name, "must be a list of single values");
    items.push_back(item.Scalar());
  }
  return SetOption(option, where, absl::StrJoin(items, ","), config);
}

// May throw what yaml-cpp throws.
absl::Status ReadDocument(const std::string& path, const YAML::Node& root,
                          Config& config) {
  if (root.IsNull()) return absl::OkStatus();
  if (!root.IsMap()) {
    return ErrorAt(Where(path, root.Mark()), "",
                   "must be a mapping of settings to values");
  }
  std::set<std::string> seen;
  for (const auto& entry : root) {
    const std::string where = Where(path, entry.first.Mark());
    if (!entry.first.IsScalar())
      return ErrorAt(where, "", "a key must be the name of a setting");
    const std::string& name = entry.first.Scalar();
    const Option* option = FindOption(name);
    if (option == nullptr) return UnknownOption(where, name);
    if (!option->in_file) return ErrorAt(where, name, "can only be a flag");
    if (!seen.insert(name).second)
      return ErrorAt(where, name, "is given more than once");
    if (absl::Status status = SetFromNode(where, *option, entry.second, config);
        !status.ok())
      return status;
  }
  return absl::OkStatus();
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
    return ErrorAt(Where(path, e.mark), "",
                   absl::StrCat("is not YAML: ", e.msg));
  } catch (const std::exception& e) {
    return ErrorAt(absl::StrCat(path, ": "), "",
                   absl::StrCat("is not YAML: ", e.what()));
  }
}

}  // namespace sluice
