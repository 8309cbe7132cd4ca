#include "bridge/grpc/descriptor_set.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>

#include "bridge/grpc/message_types.h"

namespace sluice {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using testing::AllOf;
using testing::HasSubstr;

std::string TestSet(const std::string& name) {
  const auto bytes = ReadDescriptorSet(SLUICE_TEST_SETS "/" + name);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

FileDescriptorSet ParsedTestSet() {
  FileDescriptorSet set;
  EXPECT_TRUE(set.ParseFromString(TestSet("payloads.pb")));
  return set;
}

// The sentence of the refusal, or that there was none.
std::string Refusal(const std::string& bytes) {
  const auto types = MessageTypes::FromSet(bytes);
  if (types.ok()) return "taken";
  EXPECT_EQ(types.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(types.status().message());
}

TEST(DescriptorSet, FilesMayComeInAnyOrderAndTwice) {
  FileDescriptorSet set = ParsedTestSet();
  std::reverse(set.mutable_file()->begin(), set.mutable_file()->end());
  EXPECT_EQ(Refusal(set.SerializeAsString()), "taken");
  EXPECT_EQ(Refusal(TestSet("payloads.pb") + TestSet("payloads.pb")), "taken");
}

TEST(DescriptorSet, WellKnownTypesMayBeImportedFromOutsideTheSet) {
  EXPECT_EQ(Refusal(TestSet("without_imports.pb")), "taken");
}

TEST(DescriptorSet, WellKnownTypesOfTheSetCountBeforeOurs) {
  FileDescriptorSet set = ParsedTestSet();
  for (auto& file : *set.mutable_file()) {
    const std::string moved = "third_party/" + file.name();
    for (auto& other : *set.mutable_file()) {
      for (auto& import : *other.mutable_dependency()) {
        if (import == file.name()) import = moved;
      }
    }
    file.set_name(moved);
  }
  EXPECT_EQ(Refusal(set.SerializeAsString()), "taken");
}

TEST(DescriptorSet, BytesOfAnotherKindAreRefused) {
  for (const std::string& bytes :
       {std::string(), std::string("syntax = \"proto3\";\n"),
        std::string("\x7f"
                    "ELF"),
        std::string("{}"), TestSet("payloads.pb").substr(0, 100)}) {
    EXPECT_THAT(Refusal(bytes), HasSubstr("FileDescriptorSet"));
  }
}

TEST(DescriptorSet, AMissingImportIsNamedWithTheFileThatWantsIt) {
  FileDescriptorSet set;
  FileDescriptorProto* file = set.add_file();
  file->set_name("a.proto");
  file->add_dependency("shop/b.proto");
  EXPECT_THAT(Refusal(set.SerializeAsString()),
              AllOf(HasSubstr("a.proto imports shop/b.proto"),
                    HasSubstr("--include_imports")));
}

TEST(DescriptorSet, AFileThatIsNotValidIsNamed) {
  FileDescriptorSet set;
  FileDescriptorProto* file = set.add_file();
  file->set_name("a.proto");
  auto* field = file->add_message_type()->add_field();
  file->mutable_message_type(0)->set_name("A");
  field->set_name("b");
  field->set_number(1);
  field->set_type_name(".no.Such");
  EXPECT_THAT(
      Refusal(set.SerializeAsString()),
      AllOf(HasSubstr("a.proto is not a valid file"), HasSubstr("no.Such")));
}

TEST(DescriptorSet, FilesThatImportEachOtherAreRefused) {
  FileDescriptorSet set;
  for (const char* name : {"a.proto", "b.proto"}) {
    FileDescriptorProto* file = set.add_file();
    file->set_name(name);
    file->add_dependency(*name == 'a' ? "b.proto" : "a.proto");
  }
  EXPECT_THAT(Refusal(set.SerializeAsString()), HasSubstr("a.proto"));
}

TEST(DescriptorSet, TwoFilesOfOneNameAreRefused) {
  FileDescriptorSet set;
  set.add_file()->set_name("a.proto");
  set.add_file()->set_name("a.proto");
  set.mutable_file(1)->add_message_type()->set_name("A");
  EXPECT_THAT(Refusal(set.SerializeAsString()),
              HasSubstr("a.proto is not a valid file"));
}

TEST(DescriptorSet, AFileThatCannotBeReadIsRefused) {
  for (const char* path : {"/no/such/file", "/", "/proc/self/mem"}) {
    const auto bytes = ReadDescriptorSet(path);
    EXPECT_EQ(bytes.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(bytes.status().message()),
                HasSubstr("cannot be read"))
        << path;
  }
  EXPECT_THAT(std::string(ReadDescriptorSet("/dev/zero").status().message()),
              HasSubstr("at most"));
}

}  // namespace
}  // namespace sluice
