#include "bridge/grpc/descriptor_set.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sluice {
namespace {

namespace pb = google::protobuf;

// Guard: without it, a path such as /dev/zero would take all memory.
constexpr size_t kMaxFileBytes = size_t{64} << 20;

// One type of each file that is there without being in the set. Asked for by
// class, so that the files are linked wherever libprotobuf comes from.
std::vector<const pb::Descriptor*> WellKnownTypes() {
  return {pb::Any::descriptor(), pb::Duration::descriptor(),
          pb::Empty::descriptor(), pb::FieldMask::descriptor(),
          pb::Struct::descriptor(), pb::Timestamp::descriptor(),
          pb::BoolValue::descriptor(),
          // For the options that a file may define.
          pb::FileDescriptorProto::descriptor()};
}

// Keeps the first of a pool's errors.
class FirstError : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& /*file*/, const std::string& element,
                const pb::Message* /*descriptor*/, ErrorLocation /*location*/,
                const std::string& message) override {
    if (text_.empty()) text_ = absl::StrCat(element, ": ", message);
  }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Puts the files of a set into a pool, each after those that it imports.
class SetLoader {
 public:
  SetLoader(const pb::FileDescriptorSet& set, pb::DescriptorPool& pool)
      : pool_(pool) {
    for (const auto& file : set.file()) files_.emplace(file.name(), &file);
    // Those of the set came first, and stay.
    for (const pb::Descriptor* type : WellKnownTypes()) {
      type->file()->CopyTo(&well_known_.emplace_back());
      files_.emplace(well_known_.back().name(), &well_known_.back());
    }
  }

  absl::Status Add(const pb::FileDescriptorProto& file) {
    if (!begun_.insert(&file).second) return absl::OkStatus();
    for (const std::string& import : file.dependency()) {
      const auto found = files_.find(import);
      if (found == files_.end()) {
        return absl::InvalidArgumentError(absl::StrCat(
            file.name(), " imports ", import,
            ", which is not in the set; protoc's --include_imports adds it"));
      }
      if (auto status = Add(*found->second); !status.ok()) return status;
    }
    FirstError error;
    if (pool_.BuildFileCollectingErrors(file, &error) != nullptr) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat(file.name(), " is not a valid file: ", error.text()));
  }

 private:
  pb::DescriptorPool& pool_;
  std::deque<pb::FileDescriptorProto> well_known_;
  absl::flat_hash_map<std::string, const pb::FileDescriptorProto*> files_;
  // By address: of two files of one name, the pool says whether they differ.
  absl::flat_hash_set<const pb::FileDescriptorProto*> begun_;
};

}  // namespace

absl::StatusOr<std::string> ReadDescriptorSet(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string bytes;
  char piece[1 << 14];
  do {
    file.read(piece, sizeof(piece));
    bytes.append(piece, static_cast<size_t>(file.gcount()));
    if (bytes.size() > kMaxFileBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("must be at most ", kMaxFileBytes, " bytes long"));
    }
  } while (file.good());
  if (file.bad() || !file.eof()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot be read: ", std::strerror(errno)));
  }
  return bytes;
}

absl::Status AddDescriptorSet(const std::string& bytes,
                              pb::DescriptorPool& pool) {
  pb::FileDescriptorSet set;
  // Bytes of any other kind are mostly fields that a set does not have.
  if (!set.ParseFromString(bytes) || set.file().empty()) {
    return absl::InvalidArgumentError(
        "must be a serialized google.protobuf.FileDescriptorSet with at least "
        "one file, as protoc's --descriptor_set_out writes");
  }
  SetLoader loader(set, pool);
  for (const auto& file : set.file()) {
    if (auto status = loader.Add(file); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void AddWellKnownTypes(pb::DescriptorPool& pool) {
  for (const pb::Descriptor* type : WellKnownTypes()) {
    if (pool.FindMessageTypeByName(type->full_name()) != nullptr) continue;
    pb::FileDescriptorProto file;
    type->file()->CopyTo(&file);
    pool.BuildFile(file);
  }
}

}  // namespace sluice
