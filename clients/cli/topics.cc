#include "clients/cli/topics.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "clients/cli/exit_code.h"
#include "clients/cli/output.h"
#include "clients/cli/publisher.h"
#include "clients/cli/status_text.h"
#include "clients/cli/terminal.h"
#include "clients/cli/topic_text.h"
#include "clients/cli/unary_call.h"
#include "sluice/v1/topic_service.grpc.pb.h"

namespace sluice {
namespace {

constexpr std::int32_t kPageSize = 1000;

class Topics {
 public:
  Topics(const TopicsOptions& options, const Endpoints& endpoints, const Io& io)
      : options_(options),
        endpoints_(endpoints),
        io_(io),
        stub_(v1::TopicService::NewStub(ConnectGrpc(endpoints.grpc))),
        terminal_(io.err, /*quiet=*/true),
        output_(io.out, io.interrupt) {}

  int Run();

 private:
  int Fail(const grpc::Status& status);
  int Flush();

  const TopicsOptions& options_;
  const Endpoints& endpoints_;
  const Io& io_;
  const std::unique_ptr<v1::TopicService::Stub> stub_;
  Terminal terminal_;
  Output output_;
};

int Topics::Run() {
  v1::ListTopicsRequest request;
  request.set_pattern(options_.pattern);
  request.set_page_size(kPageSize);
  // A table's columns are as wide as the widest of all pages.
  std::vector<v1::Topic> table;
  do {
    v1::ListTopicsResponse page;
    const grpc::Status status =
        CallUnary(io_.interrupt, [&](auto* context, auto done) {
          stub_->async()->ListTopics(context, &request, &page, std::move(done));
        });
    if (!status.ok()) return Fail(status);
    for (v1::Topic& topic : *page.mutable_topics()) {
      if (options_.json) {
        output_.text() += TopicJson(topic) + "\n";
      } else {
        table.push_back(std::move(topic));
      }
    }
    if (const int code = Flush(); code != kExitOk) return code;
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  if (options_.json) return kExitOk;
  output_.text() = TopicTable(table, absl::Now());
  return Flush();
}

int Topics::Fail(const grpc::Status& status) {
  if (io_.interrupt.raised()) return io_.interrupt.exit_code();
  terminal_.Note(Describe(status, endpoints_.grpc));
  return kExitFailure;
}

int Topics::Flush() { return FlushOutput(output_, io_.interrupt, terminal_); }

}  // namespace

int RunTopics(const TopicsOptions& options, const Endpoints& endpoints,
              const Io& io) {
  return Topics(options, endpoints, io).Run();
}

}  // namespace sluice
