#include "bridge/grpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bridge/grpc/wire.h"

namespace sluice {
namespace {

namespace pb = google::protobuf;
using grpc::reflection::v1alpha::FileDescriptorResponse;
using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

constexpr char kService[] = "grpc.reflection.v1alpha.ServerReflection";

// `file` and what it imports, each once.
void AddFiles(const pb::FileDescriptor& file, std::set<std::string>& added,
              FileDescriptorResponse& response) {
  if (!added.insert(file.name()).second) return;
  pb::FileDescriptorProto proto;
  file.CopyTo(&proto);
  response.add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i)
    AddFiles(*file.dependency(i), added, response);
}

void Set(const pb::FileDescriptor* file, const std::string& wanted,
         ServerReflectionResponse& response) {
  if (file == nullptr) {
    auto& error = *response.mutable_error_response();
    error.set_error_code(static_cast<int>(absl::StatusCode::kNotFound));
    error.set_error_message(absl::StrCat("there is no ", wanted));
    return;
  }
  std::set<std::string> added;
  AddFiles(*file, added, *response.mutable_file_descriptor_response());
}

const pb::FileDescriptor* FileOfExtension(const std::string& type, int number) {
  const auto& pool = *pb::DescriptorPool::generated_pool();
  const pb::Descriptor* extended = pool.FindMessageTypeByName(type);
  if (extended == nullptr) return nullptr;
  const auto* extension = pool.FindExtensionByNumber(extended, number);
  return extension == nullptr ? nullptr : extension->file();
}

}  // namespace

// One call: an answer for each request, in order.
class ReflectionService::Stream final : public ServerCall::Handler {
 public:
  Stream(const ReflectionService& service, ServerCall& call)
      : service_(service), call_(call) {
    call_.StartRead();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return call_.Finish(absl::OkStatus());
    ServerReflectionRequest request;
    if (!ParseMessage(call_.request(), request))
      return call_.Finish(NotAMessage());
    call_.StartWrite(service_.Answer(request));
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return call_.Finish(absl::CancelledError("the client is gone"));
    call_.StartRead();
  }

 private:
  const ReflectionService& service_;
  ServerCall& call_;
};

void ReflectionService::AddTo(ServerCall::Methods& methods) {
  for (const auto& [path, method] : methods)
    services_.insert(path.substr(1, path.rfind('/') - 1));
  services_.insert(kService);
  for (const char* service :
       {kService, "grpc.reflection.v1.ServerReflection"}) {
    methods[absl::StrCat("/", service, "/ServerReflectionInfo")] =
        [this](ServerCall& call) {
          return std::make_shared<Stream>(*this, call);
        };
  }
}

ServerReflectionResponse ReflectionService::Answer(
    const ServerReflectionRequest& request) const {
  const auto& pool = *pb::DescriptorPool::generated_pool();
  ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kListServices:
      for (const std::string& service : services_)
        response.mutable_list_services_response()->add_service()->set_name(
            service);
      break;
    case ServerReflectionRequest::kFileByFilename:
      Set(pool.FindFileByName(request.file_by_filename()),
          request.file_by_filename(), response);
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      Set(pool.FindFileContainingSymbol(request.file_containing_symbol()),
          request.file_containing_symbol(), response);
      break;
    case ServerReflectionRequest::kFileContainingExtension: {
      const auto& wanted = request.file_containing_extension();
      Set(FileOfExtension(wanted.containing_type(), wanted.extension_number()),
          absl::StrCat("extension ", wanted.extension_number(), " of ",
                       wanted.containing_type()),
          response);
      break;
    }
    case ServerReflectionRequest::kAllExtensionNumbersOfType: {
      const std::string& type = request.all_extension_numbers_of_type();
      const pb::Descriptor* extended = pool.FindMessageTypeByName(type);
      if (extended == nullptr) {
        Set(nullptr, type, response);
        break;
      }
      auto& numbers = *response.mutable_all_extension_numbers_response();
      numbers.set_base_type_name(type);
      std::vector<const pb::FieldDescriptor*> extensions;
      pool.FindAllExtensions(extended, &extensions);
      for (const pb::FieldDescriptor* extension : extensions)
        numbers.add_extension_number(extension->number());
      break;
    }
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET: {
      auto& error = *response.mutable_error_response();
      error.set_error_code(
          static_cast<int>(absl::StatusCode::kInvalidArgument));
      error.set_error_message("the request asks for nothing");
      break;
    }
  }
  return response;
}

}  // namespace sluice
