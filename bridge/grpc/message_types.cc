#include "bridge/grpc/message_types.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "bridge/grpc/canonical_message.h"
#include "bridge/grpc/descriptor_set.h"

namespace sluice {
namespace {

namespace pb = google::protobuf;

constexpr char kUrlPrefix[] = "type.googleapis.com";

// A pool's own resolver knows one prefix of URLs; this one takes any.
class AnyPrefixResolver : public pb::util::TypeResolver {
 public:
  explicit AnyPrefixResolver(const pb::DescriptorPool& pool)
      : resolver_(
            pb::util::NewTypeResolverForDescriptorPool(kUrlPrefix, &pool)) {}

  pb::util::Status ResolveMessageType(const std::string& url,
                                      pb::Type* type) override {
    return resolver_->ResolveMessageType(Canonical(url), type);
  }

  pb::util::Status ResolveEnumType(const std::string& url,
                                   pb::Enum* type) override {
    return resolver_->ResolveEnumType(Canonical(url), type);
  }

 private:
  static std::string Canonical(const std::string& url) {
    return absl::StrCat(kUrlPrefix, "/", TypeNameOf(url));
  }

  const std::unique_ptr<pb::util::TypeResolver> resolver_;
};

}  // namespace

MessageTypes::MessageTypes()
    : resolver_(std::make_unique<AnyPrefixResolver>(pool_)) {}

std::shared_ptr<const MessageTypes> MessageTypes::WellKnown() {
  const std::shared_ptr<MessageTypes> types(new MessageTypes);
  AddWellKnownTypes(types->pool_);
  return types;
}

absl::StatusOr<std::shared_ptr<const MessageTypes>> MessageTypes::FromSet(
    const std::string& bytes) {
  const std::shared_ptr<MessageTypes> types(new MessageTypes);
  if (auto status = AddDescriptorSet(bytes, types->pool_); !status.ok()) {
    return status;
  }
  AddWellKnownTypes(types->pool_);
  return types;
}

absl::StatusOr<std::string> MessageTypes::ToJson(const pb::Any& any) const {
  const auto bytes =
      CanonicalBytes(any.type_url(), any.value(), pool_, factory_);
  if (!bytes.ok()) return bytes.status();
  const std::string name = TypeNameOf(any.type_url());
  std::string json;
  const auto status = pb::util::BinaryToJsonString(
      resolver_.get(), absl::StrCat(kUrlPrefix, "/", name), *bytes, &json);
  if (status.ok()) return json;
  // Ends so if the message itself is at fault and not a field of it.
  const std::string reason(status.message());
  return absl::InvalidArgumentError(absl::StrCat(
      "the message of type `", name, "` cannot be written as JSON (",
      absl::StripSuffix(reason, " for field: "), ")"));
}

}  // namespace sluice
