#include "bridge/grpc/canonical_message.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bridge/base/utf8.h"
#include "bridge/grpc/well_known_rules.h"

namespace sluice {
namespace {

namespace pb = google::protobuf;

// Fields of google.protobuf.Any.
constexpr int kAnyUrl = 1;
constexpr int kAnyBytes = 2;

template <typename... What>
absl::Status Refuse(const pb::Descriptor& type, const What&... what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the message of type `", type.full_name(), "` ", what...));
}

std::string Serialize(const pb::Message& message) {
  std::string bytes;
  {
    pb::io::StringOutputStream stream(&bytes);
    pb::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&coded);
  }
  return bytes;
}

// Goes through one payload with all that is inside.
class Walk {
 public:
  Walk(const pb::DescriptorPool& pool, pb::MessageFactory& factory)
      : pool_(pool), factory_(factory) {}

  absl::StatusOr<std::string> Bytes(const std::string& url,
                                    const std::string& bytes, int depth) {
    const std::string name = TypeNameOf(url);
    const pb::Descriptor* type = pool_.FindMessageTypeByName(name);
    if (type == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the type `", name, "` is not in the server's descriptor_set"));
    }
    const std::unique_ptr<pb::Message> message(
        factory_.GetPrototype(type)->New());
    if (!message->ParsePartialFromString(bytes)) {
      return Refuse(*type,
                    "cannot be parsed: it is not a message of its type, has a "
                    "string that is not UTF-8, or nests too deeply");
    }
    if (auto status = Enter(*message, depth); !status.ok()) return status;
    if (!message->IsInitialized()) {
      return Refuse(*type, "lacks a required field");
    }
    std::string canonical = Serialize(*message);
    if (!listed_map_) return canonical;
    // A map that was gone through is a list now, whose order is of chance.
    message->ParsePartialFromString(canonical);
    return Serialize(*message);
  }

 private:
  absl::Status Enter(pb::Message& message, int depth) {
    const pb::Descriptor& type = *message.GetDescriptor();
    if (++messages_ > kMaxMessages) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the payload has more than ", kMaxMessages,
                       " messages, one in another"));
    }
    if (depth > kMaxMessageDepth) {
      return Refuse(type, "nests more than ", kMaxMessageDepth, " deep");
    }
    if (type.well_known_type() == pb::Descriptor::WELLKNOWNTYPE_ANY) {
      return EnterAny(message, depth);
    }
    if (auto status = CheckWellKnown(message); !status.ok()) {
      return Refuse(type, status.message());
    }
    message.GetReflection()->MutableUnknownFields(&message)->Clear();
    std::vector<const pb::FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const pb::FieldDescriptor* field : fields) {
      if (auto status = EnterField(message, *field, depth); !status.ok()) {
        return status;
      }
    }
    return absl::OkStatus();
  }

  absl::Status EnterField(pb::Message& message,
                          const pb::FieldDescriptor& field, int depth) {
    const pb::Descriptor& type = *message.GetDescriptor();
    if (field.is_extension()) {
      return Refuse(type, "has the extension `", field.full_name(),
                    "`, which the server cannot write as JSON");
    }
    if (field.type() == pb::FieldDescriptor::TYPE_GROUP) {
      return Refuse(type, "has the group `", field.name(),
                    "`, which the server cannot write as JSON");
    }
    const pb::Reflection& reflection = *message.GetReflection();
    const int size =
        field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
    if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
      listed_map_ |= field.is_map();
      // The entry of a map is no level of its own.
      const int inside = depth + (field.is_map() ? 0 : 1);
      for (int i = 0; i < size; ++i) {
        pb::Message* const child =
            field.is_repeated()
                ? reflection.MutableRepeatedMessage(&message, &field, i)
                : reflection.MutableMessage(&message, &field);
        if (auto status = Enter(*child, inside); !status.ok()) return status;
      }
    }
    // Of proto3's strings the parser has seen to that, of proto2's not.
    if (field.type() == pb::FieldDescriptor::TYPE_STRING) {
      std::string scratch;
      for (int i = 0; i < size; ++i) {
        const std::string& text =
            field.is_repeated()
                ? reflection.GetRepeatedStringReference(message, &field, i,
                                                        &scratch)
                : reflection.GetStringReference(message, &field, &scratch);
        if (!IsValidUtf8(text)) {
          return Refuse(type, "has a `", field.name(), "` that is not UTF-8");
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status EnterAny(pb::Message& any, int depth) {
    const pb::Descriptor& type = *any.GetDescriptor();
    const pb::FieldDescriptor* const url = type.FindFieldByNumber(kAnyUrl);
    const pb::FieldDescriptor* const value = type.FindFieldByNumber(kAnyBytes);
    for (const auto* field : {url, value}) {
      if (field == nullptr || field->is_repeated() ||
          field->cpp_type() != pb::FieldDescriptor::CPPTYPE_STRING) {
        return Refuse(type, "is not what protobuf means by that name");
      }
    }
    const pb::Reflection& reflection = *any.GetReflection();
    reflection.MutableUnknownFields(&any)->Clear();
    const std::string type_url = reflection.GetString(any, url);
    const std::string bytes = reflection.GetString(any, value);
    if (type_url.empty() && bytes.empty()) return absl::OkStatus();
    if (!IsValidUtf8(type_url)) {
      return Refuse(type, "has a `", url->name(), "` that is not UTF-8");
    }
    auto canonical = Bytes(type_url, bytes, depth + 1);
    if (!canonical.ok()) return canonical.status();
    // Of an Any without bytes, protobuf's writer leaves out the "value", even
    // if that is one such as "0s". It takes a tag of zero for the end.
    if (canonical->empty() && HasJsonOfItsOwn(type_url)) {
      canonical->assign(1, '\0');
    }
    reflection.SetString(&any, value, *std::move(canonical));
    return absl::OkStatus();
  }

  bool HasJsonOfItsOwn(const std::string& type_url) const {
    const pb::Descriptor* type =
        pool_.FindMessageTypeByName(TypeNameOf(type_url));
    return type->well_known_type() != pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED;
  }

  const pb::DescriptorPool& pool_;
  pb::MessageFactory& factory_;
  size_t messages_ = 0;
  bool listed_map_ = false;
};

}  // namespace

std::string TypeNameOf(const std::string& type_url) {
  return type_url.substr(type_url.rfind('/') + 1);
}

absl::StatusOr<std::string> CanonicalBytes(const std::string& type_url,
                                           const std::string& bytes,
                                           const pb::DescriptorPool& pool,
                                           pb::MessageFactory& factory) {
  return Walk(pool, factory).Bytes(type_url, bytes, 1);
}

}  // namespace sluice
