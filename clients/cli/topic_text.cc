#include "clients/cli/topic_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "clients/cli/json_value.h"
#include "clients/cli/status_text.h"

namespace sluice {
namespace {

using Row = std::array<std::string, 7>;
// Names and states stand to the left, numbers to the right.
constexpr std::size_t kLeftColumns = 2;

std::string StateName(v1::TopicState state) {
  return absl::AsciiStrToLower(
      absl::StripPrefix(v1::TopicState_Name(state), "TOPIC_STATE_"));
}

std::string Size(std::uint64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  double size = static_cast<double>(bytes) / 1024;
  const char* const units[] = {"KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (size >= 1024 && unit + 1 < std::size(units)) {
    size /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", size, units[unit]);
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) +
         absl::Nanoseconds(time.nanos());
}

// The largest unit there is one of, as `kubectl` has it.
std::string Age(absl::Duration age) {
  struct Unit {
    std::int64_t seconds;
    const char* name;
  };
  constexpr Unit kUnits[] = {{86400, "d"}, {3600, "h"}, {60, "m"}};
  const std::int64_t seconds =
      std::max<std::int64_t>(absl::ToInt64Seconds(age), 0);
  for (const Unit& unit : kUnits) {
    if (seconds >= unit.seconds)
      return absl::StrCat(seconds / unit.seconds, unit.name);
  }
  return absl::StrCat(seconds, "s");
}

Row RowOf(const v1::Topic& topic, absl::Time now) {
  return {
      topic.name(),
      StateName(topic.state()),
      absl::StrCat(topic.events()),
      Size(topic.bytes()),
      absl::StrCat(topic.subscribers()),
      absl::StrCat(topic.producers()),
      topic.has_create_time() ? Age(now - TimeOf(topic.create_time())) : "-"};
}

std::string TimeJson(bool is_there, const google::protobuf::Timestamp& time) {
  if (!is_there) return "null";
  return JsonQuote(absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", TimeOf(time),
                                    absl::UTCTimeZone()));
}

std::string ErrorJson(bool is_there, const v1::Error& error) {
  if (!is_there) return "null";
  return absl::StrCat("{\"code\":", JsonQuote(CodeName(error.code())),
                      ",\"message\":", JsonQuote(error.message()), "}");
}

std::string CursorJson(const std::string& cursor) {
  return cursor.empty() ? "null" : JsonQuote(cursor);
}

}  // namespace

std::string TopicJson(const v1::Topic& topic) {
  return absl::StrCat(
      "{\"name\":", JsonQuote(topic.name()),
      ",\"state\":", JsonQuote(StateName(topic.state())),
      ",\"error\":", ErrorJson(topic.has_error(), topic.error()),
      ",\"events\":", topic.events(), ",\"bytes\":", topic.bytes(),
      ",\"subscribers\":", topic.subscribers(),
      ",\"producers\":", topic.producers(),
      ",\"first_cursor\":", CursorJson(topic.first_cursor()),
      ",\"last_cursor\":", CursorJson(topic.last_cursor()), ",\"create_time\":",
      TimeJson(topic.has_create_time(), topic.create_time()),
      ",\"end_time\":", TimeJson(topic.has_end_time(), topic.end_time()), "}");
}

std::string TopicTable(const std::vector<v1::Topic>& topics, absl::Time now) {
  std::vector<Row> rows = {
      {"NAME", "STATE", "EVENTS", "BYTES", "SUBSCRIBERS", "PRODUCERS", "AGE"}};
  for (const v1::Topic& topic : topics) rows.push_back(RowOf(topic, now));
  std::array<std::size_t, std::tuple_size<Row>::value> widths = {};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  }
  std::string table;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - row[i].size(), ' ');
      absl::StrAppend(&table, i == 0 ? "" : "  ",
                      i < kLeftColumns ? row[i] + padding : padding + row[i]);
    }
    table += "\n";
  }
  return table;
}

std::string DeliveryJson(const v1::Delivery& delivery) {
  const v1::Event& event = delivery.event();
  // The id is what a stream of this topic alone would carry.
  return absl::StrCat(
      "{\"topic\":", JsonQuote(delivery.topic()), ",\"id\":",
      JsonQuote(event.id().empty() ? delivery.cursor() : event.id()),
      ",\"cursor\":", JsonQuote(delivery.cursor()),
      ",\"type\":", JsonQuote(event.type()),
      ",\"data\":", JsonQuote(event.text()),
      ",\"json\":", delivery.json() ? "true" : "false",
      ",\"time\":", TimeJson(delivery.has_time(), delivery.time()), "}");
}

std::string GapSentence(const v1::Gap& gap) {
  return absl::StrCat("events are missing: ",
                      absl::AsciiStrToLower(absl::StripPrefix(
                          v1::GapReason_Name(gap.reason()), "GAP_REASON_")),
                      ", went on at ", gap.resumed());
}

}  // namespace sluice
