// Bytes as a producer might send them for a request, through the parser and
// against the rules, which are written here once more. An input is one encoded
// sluice.v1.PublishRequest.
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/stubs/logging.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bridge/grpc/request_parser.h"
#include "bridge/grpc/status_detail.h"
#include "bridge/grpc/wire.h"
#include "sluice/v1/publisher_service.pb.h"
#include "tests/fuzz/json_reference.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/utf8_reference.h"

namespace sluice {
namespace {

constexpr size_t kMaxInputBytes = 4096;
constexpr size_t kMaxEventBytes = 300;
constexpr char kTopicBefore[] = "before";

bool TopicIsAllowed(const std::string& topic) {
  static const std::regex kTokens("[A-Za-z0-9_~:@-]+(\\.[A-Za-z0-9_~:@-]+)*");
  return topic.size() <= 255 && std::regex_match(topic, kTokens) &&
         topic != "sluice" && !absl::StartsWith(topic, "sluice.");
}

bool IdIsAllowed(const std::string& id) {
  static const std::regex kBytes("[A-Za-z0-9._~+/=-]*");
  static const std::regex kCursor("[a-z2-7]{13}-(0|[1-9][0-9]*)(\\.[0-9]+)?");
  return id.size() <= 128 && std::regex_match(id, kBytes) &&
         !std::regex_match(id, kCursor);
}

bool TypeIsAllowed(const std::string& type) {
  for (size_t i = 0; i < type.size(); ++i) {
    const auto byte = static_cast<uint8_t>(type[i]);
    if (byte < 0x20 || byte == 0x7F) return false;
    // U+0080 to U+009F.
    if (byte == 0xC2 && static_cast<uint8_t>(type[i + 1]) < 0xA0) return false;
  }
  return type.size() <= 128 && type != "open" &&
         !absl::StartsWith(type, "sluice.");
}

bool RetryIsAllowed(const google::protobuf::Duration& retry) {
  if (std::abs(static_cast<int64_t>(retry.nanos())) >= 1000000000) return false;
  if (retry.seconds() < 0 || retry.nanos() < 0) return false;
  if (retry.seconds() > 86400) return false;
  const int64_t nanos = retry.seconds() * 1000000000 + retry.nanos();
  return nanos >= 100000000 && nanos <= 86400 * int64_t{1000000000};
}

bool JsonIsAllowed(const google::protobuf::Value& value) {
  using google::protobuf::Value;
  switch (value.kind_case()) {
    case Value::kNumberValue:
      return std::isfinite(value.number_value());
    case Value::kListValue:
      return std::all_of(value.list_value().values().begin(),
                         value.list_value().values().end(), JsonIsAllowed);
    case Value::kStructValue:
      return std::all_of(
          value.struct_value().fields().begin(),
          value.struct_value().fields().end(),
          [](const auto& member) { return JsonIsAllowed(member.second); });
    default:
      return value.kind_case() != Value::KIND_NOT_SET;
  }
}

bool PayloadIsAllowed(const v1::Event& event) {
  switch (event.payload_case()) {
    case v1::Event::kText:
      return event.text() != "[DONE]" &&
             event.text().find('\0') == std::string::npos;
    case v1::Event::kJson:
      return JsonIsAllowed(event.json());
    case v1::Event::kMessage:
      return false;
    case v1::Event::PAYLOAD_NOT_SET:
      break;
  }
  return true;
}

// Everything but the size, which is one of what the event becomes.
bool EventIsAllowed(const v1::Event& event) {
  return IdIsAllowed(event.id()) && TypeIsAllowed(event.type()) &&
         (!event.has_retry() || RetryIsAllowed(event.retry())) &&
         PayloadIsAllowed(event);
}

bool RequestIsAllowed(const v1::PublishRequest& request, bool first) {
  const v1::Error& error = request.end().error();
  return (request.topic().empty() ? !first : TopicIsAllowed(request.topic())) &&
         request.on_abort() >= 0 && request.on_abort() <= 2 &&
         std::all_of(request.events().begin(), request.events().end(),
                     EventIsAllowed) &&
         (!request.end().has_error() ||
          (error.code() >= 1 && error.code() <= 16)) &&
         error.message().size() <= kMaxEventBytes;
}

bool Same(const google::protobuf::Value& value, const Json& json) {
  using google::protobuf::Value;
  switch (value.kind_case()) {
    case Value::kNullValue:
      return json.kind == Json::Kind::kNull;
    case Value::kBoolValue:
      return json.kind == Json::Kind::kBool &&
             json.boolean == value.bool_value();
    case Value::kNumberValue:
      return json.kind == Json::Kind::kNumber &&
             json.number == value.number_value();
    case Value::kStringValue:
      return json.kind == Json::Kind::kString &&
             json.text == value.string_value();
    case Value::kListValue: {
      const auto& values = value.list_value().values();
      return json.kind == Json::Kind::kList &&
             std::equal(values.begin(), values.end(), json.items.begin(),
                        json.items.end(), Same);
    }
    case Value::kStructValue: {
      const auto& fields = value.struct_value().fields();
      return json.kind == Json::Kind::kObject &&
             json.members.size() == fields.size() &&
             std::all_of(fields.begin(), fields.end(), [&](const auto& field) {
               const Json* member = json.Member(field.first);
               return member != nullptr && Same(field.second, *member);
             });
    }
    case Value::KIND_NOT_SET:
      break;
  }
  return false;
}

std::string Normalized(const std::string& text) {
  static const std::regex kLineEnd("\r\n?");
  return std::regex_replace(text, kLineEnd, "\n");
}

void CheckDraft(const v1::Event& event, const EventDraft& draft) {
  Require(draft.id == event.id() && draft.type == event.type(),
          "id and type are the producer's");
  Require(draft.size_bytes() <= kMaxEventBytes, "an event keeps its limit");
  Require(
      draft.data.find('\r') == std::string::npos && DecodesAsUtf8(draft.data),
      "data is UTF-8 and its lines end in LF");
  const int64_t retry_ms =
      event.retry().seconds() * 1000 + event.retry().nanos() / 1000000;
  Require(draft.retry_ms == (event.has_retry() ? retry_ms : 0),
          "the retry is the producer's, in milliseconds");
  Require(draft.json == event.has_json(), "JSON is said to be JSON");
  if (!event.has_json()) {
    Require(draft.data == Normalized(event.text()),
            "the text is the producer's");
    return;
  }
  const absl::optional<Json> json = ReadJson(draft.data);
  Require(json.has_value() && Same(event.json(), *json),
          "the JSON says what the value said");
  Require(draft.data.find('\n') == std::string::npos, "JSON is one line");
}

void CheckParsed(const v1::PublishRequest& request,
                 const ParsedRequest& parsed) {
  Require(parsed.append.topic ==
              (request.topic().empty() ? kTopicBefore : request.topic()),
          "an empty topic is the one before");
  Require(parsed.fail_on_abort.has_value() == (request.on_abort() != 0) &&
              parsed.fail_on_abort.value_or(false) == (request.on_abort() == 2),
          "on_abort is the producer's");
  Require(
      parsed.append.events.size() == static_cast<size_t>(request.events_size()),
      "every event is there");
  for (int i = 0; i < request.events_size(); ++i)
    CheckDraft(request.events(i), parsed.append.events[static_cast<size_t>(i)]);
  Require(parsed.append.end.has_value() == request.has_end(),
          "an end is there if there is one");
  if (!request.has_end()) return;
  Require(parsed.append.end->failure.has_value() == request.end().has_error(),
          "an end with an error is a failure");
  if (!request.end().has_error()) return;
  const v1::Error& error = request.end().error();
  Require(*parsed.append.end->failure == Failure{error.code(), error.message()},
          "the failure is the producer's");
}

// How large the largest event would be.
size_t LargestEvent(const v1::PublishRequest& request) {
  size_t largest = 0;
  for (const v1::Event& event : request.events()) {
    const size_t rest = event.id().size() + event.type().size();
    largest = std::max(largest, rest + Normalized(event.text()).size());
    // At least: the JSON's own size is known only once it is written.
    if (event.has_json()) largest = std::max(largest, rest + 1);
  }
  return largest;
}

void CheckRefused(const absl::Status& status, bool first) {
  Require(absl::IsInvalidArgument(status) || absl::IsResourceExhausted(status),
          "a refusal says whose fault it is");
  Require(
      absl::StartsWith(FieldOf(status), first ? "requests[0]" : "requests[1]"),
      "a refusal says where");
  Require(!status.message().empty(), "a refusal says why");
  const grpc::Status sent = ToGrpcStatus(status);
  Require(absl::StrContains(sent.error_message(), FieldOf(status)) &&
              sent.error_details().empty() == absl::IsResourceExhausted(status),
          "the producer is told all of it");
}

// The same bytes in one piece or in three.
grpc::ByteBuffer ToBuffer(const std::string& bytes, bool cut) {
  if (!cut) {
    const grpc::Slice slice(bytes);
    return grpc::ByteBuffer(&slice, 1);
  }
  const size_t third = bytes.size() / 3;
  const grpc::Slice slices[] = {grpc::Slice(bytes.substr(0, third)),
                                grpc::Slice(bytes.substr(third, third)),
                                grpc::Slice(bytes.substr(2 * third))};
  return grpc::ByteBuffer(slices, 3);
}

void Check(const std::string& bytes, bool first) {
  RequestParser parser(kMaxEventBytes);
  if (!first) {
    v1::PublishRequest before;
    before.set_topic(kTopicBefore);
    Require(parser.Parse(ToBytes(before)).ok(), "a topic alone is a request");
  }
  const absl::StatusOr<ParsedRequest> parsed =
      parser.Parse(ToBuffer(bytes, !first));
  v1::PublishRequest request;
  const bool allowed = request.ParseFromString(bytes) &&
                       RequestIsAllowed(request, first) &&
                       LargestEvent(request) <= kMaxEventBytes;
  if (parsed.ok()) {
    Require(allowed, "what is accepted keeps the rules");
    CheckParsed(request, *parsed);
  } else {
    CheckRefused(parsed.status(), first);
    const bool large_json =
        absl::IsResourceExhausted(parsed.status()) &&
        std::any_of(request.events().begin(), request.events().end(),
                    [](const v1::Event& event) { return event.has_json(); });
    Require(!allowed || large_json, "what keeps the rules is accepted");
  }
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  // Each text that is not UTF-8 would be a line.
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > sluice::kMaxInputBytes) return -1;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  sluice::Check(bytes, true);
  sluice::Check(bytes, false);
  return 0;
}
