#include "clients/cli/history.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
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

class History {
 public:
  History(const HistoryOptions& options, const Endpoints& endpoints,
          const Io& io)
      : options_(options),
        endpoints_(endpoints),
        io_(io),
        stub_(v1::TopicService::NewStub(ConnectGrpc(endpoints.grpc))),
        terminal_(io.err, /*quiet=*/true),
        output_(io.out, io.interrupt) {}

  int Run();

 private:
  // An exit code, once it is known.
  absl::optional<int> TakePage(const v1::ListEventsResponse& page);
  int End(const v1::ListEventsResponse& page);

  const HistoryOptions& options_;
  const Endpoints& endpoints_;
  const Io& io_;
  const std::unique_ptr<v1::TopicService::Stub> stub_;
  Terminal terminal_;
  Output output_;
};

int History::Run() {
  v1::ListEventsRequest request;
  request.set_topic(options_.topic);
  request.set_after(options_.after);
  request.set_last(options_.last);
  request.set_page_size(kPageSize);
  while (true) {
    v1::ListEventsResponse page;
    const grpc::Status status =
        CallUnary(io_.interrupt, [&](auto* context, auto done) {
          stub_->async()->ListEvents(context, &request, &page, std::move(done));
        });
    if (io_.interrupt.raised()) return io_.interrupt.exit_code();
    if (!status.ok()) {
      terminal_.Note(Describe(status, endpoints_.grpc));
      return kExitFailure;
    }
    if (const auto code = TakePage(page)) return *code;
    // A page may be short for its bytes; an empty one is the last.
    if (page.events().empty() || page.cursor() == request.after())
      return kExitOk;
    request.set_after(page.cursor());
    request.clear_last();
  }
}

absl::optional<int> History::TakePage(const v1::ListEventsResponse& page) {
  if (page.has_gap() && !options_.quiet)
    terminal_.Note(GapSentence(page.gap()));
  for (const v1::Delivery& delivery : page.events()) {
    absl::StrAppend(
        &output_.text(),
        options_.json ? DeliveryJson(delivery) : delivery.event().text(), "\n");
  }
  const int code = FlushOutput(output_, io_.interrupt, terminal_);
  if (code != kExitOk) return code;
  if (page.ended()) return End(page);
  return absl::nullopt;
}

int History::End(const v1::ListEventsResponse& page) {
  if (!page.has_error()) return kExitOk;
  terminal_.Note(
      absl::StrCat("the topic failed: ", CodeName(page.error().code()), ": ",
                   page.error().message()));
  return kExitFailure;
}

}  // namespace

int RunHistory(const HistoryOptions& options, const Endpoints& endpoints,
               const Io& io) {
  return History(options, endpoints, io).Run();
}

}  // namespace sluice
