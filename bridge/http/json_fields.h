#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice {

// What a JSON value is read into. InvalidArgument says what it must be; then
// `to` is as it was.

absl::Status ReadJson(const nlohmann::json& value, std::string& to);
absl::Status ReadJson(const nlohmann::json& value, bool& to);
// A number, or as proto3's JSON writes 64 bits, a string of digits.
absl::Status ReadJson(const nlohmann::json& value, uint64_t& to);
// As proto3's JSON writes them: "3600s", "1.5s".
absl::Status ReadJson(const nlohmann::json& value, absl::Duration& to);

// The fields of a request's JSON object. Each is taken once, by its name in
// proto3's JSON (`retentionAge`) or in the proto (`retention_age`); one that is
// not there, or is null, leaves the default. Done() tells the first thing that
// was wrong, and of a field that nobody took, so that no typo is silent.
//
// Thread safety: none.
class JsonFields {
 public:
  // The object that `body` is; an empty body is one without fields.
  // InvalidArgument: it is no JSON, no object, or has a name twice.
  static absl::StatusOr<JsonFields> Parse(absl::string_view body);

  template <typename T>
  void Take(absl::string_view name, T& to) {
    TakeWith(name, [&to](const nlohmann::json& value) {
      return ReadJson(value, to);
    });
  }
  void TakeWith(absl::string_view name,
                const std::function<absl::Status(const nlohmann::json&)>& read);

  // Calls `take` with the fields of an object.
  void TakeObject(absl::string_view name,
                  const std::function<absl::Status(JsonFields)>& take);

  // OK, or InvalidArgument that names its field: `settings.coalesce: ...`.
  absl::Status Done() const;

 private:
  explicit JsonFields(nlohmann::json object) : object_(std::move(object)) {}

  nlohmann::json object_;  // what nobody has taken
  absl::Status status_;
};

}  // namespace sluice
