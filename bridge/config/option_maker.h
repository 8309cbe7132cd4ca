#pragma once

#include <string>
#include <utility>

#include "absl/flags/marshalling.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "bridge/config/option.h"

namespace sluice {

// What the rows of all tables are made of. A parser gets a text and returns an
// optional value, a formatter is its inverse; the member is of the type that is
// parsed, or an optional of it.

template <typename T>
absl::optional<T> ParseFlagValue(absl::string_view text) {
  T value;
  std::string error;
  if (!absl::ParseFlag(text, &value, &error)) return absl::nullopt;
  return value;
}

// Bytes, plain or with KiB, MiB or GiB.
absl::optional<uint64_t> ParseSize(absl::string_view text);
std::string FormatSize(uint64_t size);

template <typename T, typename Format>
std::string ToText(const T& value, Format format) {
  return format(value);
}

template <typename T, typename Format>
std::string ToText(const absl::optional<T>& value, Format format) {
  return value ? format(*value) : "";
}

// `kind` and `bounds` make the sentence of a refusal: "must be KIND, BOUNDS".
template <typename Settings, typename M, typename Parse, typename Format>
BasicOption<Settings> MakeOption(absl::string_view name, M Settings::*member,
                                 absl::string_view kind,
                                 const std::string& bounds,
                                 absl::string_view sentence, Parse parse,
                                 Format format) {
  BasicOption<Settings> option;
  option.name = name;
  option.sentence = sentence;
  option.set = [=](absl::string_view text, Settings& settings) {
    auto value = parse(text);
    if (!value) {
      return absl::InvalidArgumentError(
          absl::StrCat("must be ", kind, kind.empty() ? "" : ", ", bounds));
    }
    settings.*member = *std::move(value);
    return absl::OkStatus();
  };
  option.get = [=](const Settings& settings) {
    return ToText(settings.*member, format);
  };
  option.bounds = bounds;
  return option;
}

template <typename Settings, typename M, typename T, typename Parse,
          typename Format>
BasicOption<Settings> MakeBounded(absl::string_view name, M Settings::*member,
                                  absl::string_view kind, Bounds<T> bounds,
                                  absl::string_view sentence, Parse parse,
                                  Format format) {
  std::string words =
      absl::StrCat(format(bounds.least), " to ", format(bounds.most));
  if (!bounds.zero.empty()) absl::StrAppend(&words, ", or 0: ", bounds.zero);
  const auto parse_within = [=](absl::string_view text) {
    absl::optional<T> value = parse(text);
    const bool is_zero = value == T() && !bounds.zero.empty();
    if (value && !is_zero && (*value < bounds.least || *value > bounds.most))
      value.reset();
    return value;
  };
  return MakeOption(name, member, kind, std::move(words), sentence,
                    parse_within, format);
}

template <typename Settings, typename M>
BasicOption<Settings> MakeBool(absl::string_view name, M Settings::*member,
                               absl::string_view sentence) {
  auto option = MakeOption(name, member, "", "true or false", sentence,
                           ParseFlagValue<bool>, absl::UnparseFlag<bool>);
  option.is_bool = true;
  return option;
}

template <typename Settings, typename M, typename T>
BasicOption<Settings> MakeCount(absl::string_view name, M Settings::*member,
                                Bounds<T> bounds, absl::string_view sentence) {
  auto option = MakeBounded(name, member, "a whole number", bounds, sentence,
                            ParseFlagValue<T>,
                            [](T value) { return absl::StrCat(value); });
  option.value = "N";
  return option;
}

template <typename Settings, typename M>
BasicOption<Settings> MakeSize(absl::string_view name, M Settings::*member,
                               Bounds<uint64_t> bounds,
                               absl::string_view sentence) {
  auto option =
      MakeBounded(name, member, "bytes, plain or with KiB, MiB or GiB", bounds,
                  sentence, ParseSize, FormatSize);
  option.value = "SIZE";
  return option;
}

template <typename Settings, typename M>
BasicOption<Settings> MakeDuration(absl::string_view name, M Settings::*member,
                                   Bounds<absl::Duration> bounds,
                                   absl::string_view sentence) {
  auto option = MakeBounded(
      name, member, "a duration such as 1500ms, 15s or 1h", bounds, sentence,
      ParseFlagValue<absl::Duration>, absl::FormatDuration);
  option.value = "DURATION";
  return option;
}

}  // namespace sluice
