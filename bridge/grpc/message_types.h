#pragma once

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/type_resolver.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sluice {

// The types of messages that producers may publish, and how such a message
// becomes JSON. Between the setting `descriptor_set` and the events of a
// request. The well-known types are always there.
//
// Immutable once made. Thread safety: any thread may call.
class MessageTypes {
 public:
  // The well-known types alone.
  static std::shared_ptr<const MessageTypes> WellKnown();

  // Those, and the types of a serialized google.protobuf.FileDescriptorSet.
  // InvalidArgument says what is wrong with it.
  static absl::StatusOr<std::shared_ptr<const MessageTypes>> FromSet(
      const std::string& bytes);

  MessageTypes(const MessageTypes&) = delete;
  MessageTypes& operator=(const MessageTypes&) = delete;

  // The message in `any` as compact JSON on one line: the mapping of
  // https://protobuf.dev/programming-guides/json, fields by their JSON names,
  // those that are not set left out. Of the type's URL only the name behind the
  // last slash counts.
  //
  // InvalidArgument, naming the type, if it is not known, the bytes are no
  // message of it, or JSON could not carry it (see CanonicalBytes), and so for
  // an Any inside. ResourceExhausted for too many messages in it.
  //
  // Written as Python's, Go's and JavaScript's libraries write it, but that
  // groups and extensions are refused. Where those differ: an Any of
  // google.protobuf.Empty has no "value", and -0 is a value that is set.
  absl::StatusOr<std::string> ToJson(const google::protobuf::Any& any) const;

 private:
  MessageTypes();

  google::protobuf::DescriptorPool pool_;
  // Has a mutex of its own, and hands out prototypes that never change.
  mutable google::protobuf::DynamicMessageFactory factory_;
  std::unique_ptr<google::protobuf::util::TypeResolver> resolver_;
};

}  // namespace sluice
