#include "bridge/grpc/request_parser.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "bridge/event/selector.h"
#include "bridge/grpc/payload.h"
#include "bridge/grpc/status_detail.h"
#include "bridge/grpc/wire.h"

namespace sluice {
namespace {

constexpr int kMaxKeptEvents = 64;

absl::Status CheckSize(size_t size, size_t limit, absl::string_view what) {
  if (size <= limit) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      what, " has ", size, " bytes, more than the server's max_event_bytes of ",
      limit));
}

// How many events the request has, without parsing them; at least that many if
// it is no request at all.
size_t CountEvents(const grpc::ByteBuffer& bytes) {
  using google::protobuf::internal::WireFormatLite;
  constexpr uint32_t kEventTag = v1::PublishRequest::kEventsFieldNumber << 3 |
                                 WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
  grpc::ByteBuffer shared = bytes;
  grpc::ProtoBufferReader reader(&shared);
  google::protobuf::io::CodedInputStream input(&reader);
  size_t events = 0;
  while (const uint32_t tag = input.ReadTag()) {
    if (!WireFormatLite::SkipField(&input, tag)) break;
    if (tag == kEventTag) ++events;
  }
  return events;
}

absl::Status CheckCount(const grpc::ByteBuffer& bytes) {
  // An event takes two bytes at least.
  if (bytes.Length() <= 2 * kMaxRequestEvents) return absl::OkStatus();
  const size_t events = CountEvents(bytes);
  if (events <= kMaxRequestEvents) return absl::OkStatus();
  return AtField(absl::ResourceExhaustedError(
                     absl::StrCat("the request has ", events,
                                  " events, more than ", kMaxRequestEvents)),
                 "events");
}

absl::Status TakeOnAbort(const v1::PublishRequest& request,
                         ParsedRequest& parsed) {
  switch (request.on_abort()) {
    case v1::ON_ABORT_UNSPECIFIED:
      return absl::OkStatus();
    case v1::ON_ABORT_KEEP_OPEN:
      parsed.fail_on_abort = false;
      return absl::OkStatus();
    case v1::ON_ABORT_FAIL:
      parsed.fail_on_abort = true;
      return absl::OkStatus();
    default:
      return AtField(absl::InvalidArgumentError(absl::StrCat(
                         "there is no OnAbort of number ", request.on_abort())),
                     "on_abort");
  }
}

absl::Status TakeEvents(v1::PublishRequest& request,
                        const MessageTypes* message_types,
                        size_t max_event_bytes,
                        std::vector<EventDraft>& drafts) {
  drafts.reserve(request.events_size());
  for (int i = 0; i < request.events_size(); ++i) {
    auto draft = ToDraft(*request.mutable_events(i), message_types);
    absl::Status status = draft.status();
    if (status.ok()) {
      status = CheckSize(draft->size_bytes(), max_event_bytes, "the event");
    }
    if (!status.ok()) {
      return AtField(std::move(status), absl::StrCat("events[", i, "]"));
    }
    drafts.push_back(*std::move(draft));
  }
  return absl::OkStatus();
}

absl::Status TakeEnd(const v1::End& proto, size_t max_event_bytes,
                     absl::optional<End>& end) {
  // A topic keeps its end longer than its events: it has their limit at least.
  auto status = AtField(
      CheckSize(proto.error().message().size(), max_event_bytes, "the message"),
      "error.message");
  if (!status.ok()) return status;
  auto checked = ToEnd(proto);
  if (!checked.ok()) return checked.status();
  end = *std::move(checked);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ParsedRequest> RequestParser::Parse(
    const grpc::ByteBuffer& bytes) {
  auto parsed = ParseOne(bytes);
  if (!parsed.ok()) {
    return AtField(parsed.status(), absl::StrCat("requests[", requests_, "]"));
  }
  ++requests_;
  // The next one may be long in coming: what a large one took is not kept.
  if (request_.events_size() > kMaxKeptEvents) {
    request_ = v1::PublishRequest();
  } else {
    request_.Clear();
  }
  return parsed;
}

absl::StatusOr<ParsedRequest> RequestParser::ParseOne(
    const grpc::ByteBuffer& bytes) {
  if (auto status = CheckCount(bytes); !status.ok()) return status;
  v1::PublishRequest& request = request_;
  if (!ParseMessage(bytes, request)) return NotAMessage();
  if (request.topic().empty() && requests_ == 0) {
    return AtField(
        absl::InvalidArgumentError("the first request of a call names a topic"),
        "topic");
  }
  if (!request.topic().empty() && request.topic() != topic_) {
    if (auto status = CheckWritableTopic(request.topic()); !status.ok()) {
      return AtField(std::move(status), "topic");
    }
    topic_ = request.topic();
  }

  ParsedRequest parsed;
  parsed.append.topic = topic_;
  if (auto status = TakeOnAbort(request, parsed); !status.ok()) return status;
  auto status = TakeEvents(request, message_types_.get(), max_event_bytes_,
                           parsed.append.events);
  if (!status.ok()) return status;
  if (request.has_end()) {
    status = TakeEnd(request.end(), max_event_bytes_, parsed.append.end);
    if (!status.ok()) return AtField(std::move(status), "end");
  }
  return parsed;
}

}  // namespace sluice
