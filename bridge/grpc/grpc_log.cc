#include "bridge/grpc/grpc_log.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <chrono>

#include "bridge/base/log.h"
#include "bridge/grpc/log_limit.h"

namespace sluice {
namespace {

constexpr int kLines = 5;
constexpr std::chrono::seconds kPeriod(10);
constexpr size_t kMaxLength = 300;

absl::string_view FileName(absl::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// What GRPC_VERBOSITY and GRPC_TRACE turn on is wanted, and wanted whole.
void LogAsked(const gpr_log_func_args& line) {
  const LogLevel level = line.severity == GPR_LOG_SEVERITY_INFO
                             ? LogLevel::kInfo
                             : LogLevel::kDebug;
  Log(level, line.message, {{"grpc", FileName(line.file)}});
}

void OnLine(gpr_log_func_args* line) {
  if (line->severity != GPR_LOG_SEVERITY_ERROR) return LogAsked(*line);
  static auto* const limit = new LogLimit(kLines, kPeriod);
  const auto held_back = limit->Take(LogLimit::Clock::now());
  if (!held_back.has_value()) return;
  // Nothing that a client can bring about is an error of the bridge's.
  Log(LogLevel::kWarning, WithoutClientsValues(line->message),
      {{"grpc", FileName(line->file)}, {"held_back", *held_back}});
}

}  // namespace

void TakeOverGrpcLog() {
  gpr_set_log_function(OnLine);
  google::protobuf::SetLogHandler(nullptr);
}

std::string WithoutClientsValues(absl::string_view line) {
  for (const absl::string_view before : {" value=", "input string:"}) {
    line = line.substr(0, line.find(before));
  }
  return std::string(line.substr(0, kMaxLength));
}

}  // namespace sluice
