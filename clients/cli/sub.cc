#include "clients/cli/sub.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "clients/cli/exit_code.h"
#include "clients/cli/http_stream.h"
#include "clients/cli/json_value.h"
#include "clients/cli/limits.h"
#include "clients/cli/sluice_stream.h"
#include "clients/cli/status_text.h"
#include "clients/cli/terminal.h"

namespace sluice {
namespace {

constexpr std::size_t kMaxErrorBody = std::size_t{64} << 10;

class Sub {
 public:
  Sub(const SubOptions& options, const Endpoints& endpoints, const Io& io)
      : options_(options),
        endpoints_(endpoints),
        io_(io),
        terminal_(io.err, /*quiet=*/true),
        stream_(Request(options, endpoints)) {}

  int Run();

 private:
  static HttpRequest Request(const SubOptions& options,
                             const Endpoints& endpoints);
  // Each returns an exit code once it is known.
  absl::optional<int> TakeBody(const std::string& bytes);
  absl::optional<int> TakeItem(const StreamItem& item);
  int TakeResult();
  int TakeError();
  void Print(const SseEvent& event);
  bool Flush();
  int Fail(absl::string_view sentence);

  const SubOptions& options_;
  const Endpoints& endpoints_;
  const Io& io_;
  Terminal terminal_;
  HttpStream stream_;
  SluiceStream events_{kMaxInputEventBytes};
  std::string error_body_;
  std::string output_;
};

HttpRequest Sub::Request(const SubOptions& options,
                         const Endpoints& endpoints) {
  HttpRequest request;
  request.url = EventsUrl(options, endpoints.http);
  request.headers = {"Accept: text/event-stream"};
  if (!options.after.empty())
    request.headers.push_back(absl::StrCat("Last-Event-ID: ", options.after));
  return request;
}

int Sub::Run() {
  while (!io_.interrupt.raised()) {
    stream_.Wait(absl::InfiniteDuration(), {io_.interrupt.fd()});
    const auto code = TakeBody(stream_.Take());
    if (!Flush()) break;
    if (code) return *code;
    if (stream_.done()) return TakeResult();
  }
  return io_.interrupt.raised() ? kExitInterrupted : kExitFailure;
}

absl::optional<int> Sub::TakeBody(const std::string& bytes) {
  if (bytes.empty()) return absl::nullopt;
  if (stream_.status() != 200 || !stream_.is_event_stream()) {
    error_body_.append(bytes);
    if (error_body_.size() > kMaxErrorBody) return TakeError();
    return absl::nullopt;
  }
  std::vector<StreamItem> items;
  const absl::Status status = events_.Feed(bytes, items);
  for (const StreamItem& item : items) {
    if (const auto code = TakeItem(item)) return code;
  }
  if (!status.ok()) return Fail(status.message());
  return absl::nullopt;
}

absl::optional<int> Sub::TakeItem(const StreamItem& item) {
  switch (item.kind) {
    case StreamItem::Kind::kEvent:
      Print(item.event);
      return absl::nullopt;
    case StreamItem::Kind::kGap:
      terminal_.Note(
          absl::StrCat("some events are no longer there: ", item.event.data));
      return absl::nullopt;
    case StreamItem::Kind::kCompleted:
      return kExitOk;
    case StreamItem::Kind::kFailed:
      return Fail(absl::StrCat("the topic failed: ", CodeName(item.code), ": ",
                               item.message));
  }
  return absl::nullopt;
}

int Sub::TakeResult() {
  if (stream_.result().ok()) {
    // Nothing is left of a topic that has ended.
    if (stream_.status() == 204) return kExitOk;
    if (stream_.status() != 200 || !stream_.is_event_stream())
      return TakeError();
    return Fail("the stream broke off: the topic has not ended");
  }
  if (stream_.status() != 0) return Fail(stream_.result().message());
  return Fail(
      absl::StrCat("can't reach the bridge at ", endpoints_.http,
                   " (HTTP): ", stream_.result().message(),
                   "; is it running? --http or SLUICE_HTTP says where"));
}

int Sub::TakeError() {
  const auto json = ParseJson(error_body_);
  if (json.ok()) {
    const auto& fields = json->struct_value().fields();
    const auto error = fields.find("error");
    if (error != fields.end() && error->second.has_struct_value()) {
      const auto& object = error->second.struct_value();
      return Fail(absl::StrCat(StringField(object, "code"), ": ",
                               StringField(object, "message")));
    }
  }
  const std::string type =
      stream_.content_type().empty() ? "nothing" : stream_.content_type();
  return Fail(
      absl::StrCat(endpoints_.http, " answered ", stream_.status(), " with ",
                   type, ", not with an event stream; is it a Sluice bridge?"));
}

void Sub::Print(const SseEvent& event) {
  if (!options_.json) {
    absl::StrAppend(&output_, event.data, "\n");
    return;
  }
  absl::StrAppend(&output_, "{\"topic\":", JsonQuote(options_.topic),
                  ",\"id\":", JsonQuote(event.last_event_id),
                  ",\"type\":", JsonQuote(event.type),
                  ",\"data\":", JsonQuote(event.data), "}\n");
}

bool Sub::Flush() {
  absl::string_view rest = output_;
  while (!rest.empty()) {
    const auto written = write(io_.out, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR || io_.interrupt.raised()) {
      // `sluice sub topic | head` is no mistake.
      if (errno != EPIPE && errno != EINTR) {
        terminal_.Note(absl::StrCat("can't write to standard output: ",
                                    std::strerror(errno)));
      }
      return false;
    }
  }
  output_.clear();
  return true;
}

int Sub::Fail(absl::string_view sentence) {
  // What came before is to be seen before it.
  Flush();
  terminal_.Note(sentence);
  return kExitFailure;
}

}  // namespace

std::string EventsUrl(const SubOptions& options, const std::string& base) {
  std::string url = absl::StrCat(absl::StripSuffix(base, "/"), "/v1/topics/",
                                 PercentEncode(options.topic), "/events");
  const char* separator = "?";
  if (!options.from.empty())
    absl::StrAppend(&url, std::exchange(separator, "&"), "from=", options.from);
  if (options.last >= 0)
    absl::StrAppend(&url, std::exchange(separator, "&"), "last=", options.last);
  return url;
}

int RunSub(const SubOptions& options, const Endpoints& endpoints,
           const Io& io) {
  return Sub(options, endpoints, io).Run();
}

}  // namespace sluice
