#include "clients/cli/event_maker.h"

#include "absl/strings/str_cat.h"
#include "clients/cli/clean_utf8.h"
#include "clients/cli/json_value.h"

namespace sluice {

absl::StatusOr<v1::Event> EventMaker::Make(std::string input) {
  ++line_;
  if (CleanUtf8(input)) cleaned_ = true;
  v1::Event event;
  event.set_type(shape_.type);
  event.set_id(shape_.id);
  if (!shape_.json) {
    event.set_text(std::move(input));
    return event;
  }
  auto value = ParseJson(input);
  if (!value.ok()) {
    const std::string what =
        shape_.whole ? "the input" : absl::StrCat("line ", line_);
    return absl::InvalidArgumentError(
        absl::StrCat(what, " is not JSON: ", value.status().message()));
  }
  *event.mutable_json() = *std::move(value);
  return event;
}

}  // namespace sluice
