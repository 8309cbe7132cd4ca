#include "sluice/publisher.h"

#include <exception>
#include <utility>

#include "sluice/internal/sender.h"
#include "sluice/internal/utf8.h"

namespace sluice {
namespace {

using internal::Entry;
using internal::Sender;

v1::End Failure(absl::StatusCode code, const std::string& message) {
  v1::End end;
  end.mutable_error()->set_code(static_cast<int>(code));
  end.mutable_error()->set_message(internal::ToValidUtf8(message));
  return end;
}

// The end of a topic whose items could not be had.
v1::End Failure(const absl::Status& status) {
  return Failure(status.code(), std::string(status.message()));
}

// What the caller's code throws ends its topic too.
absl::StatusOr<std::optional<Event>> NextItem(Sender& sender,
                                              const std::string& topic,
                                              const Source& next,
                                              const Sender::StopWatch& watch) {
  const auto end = [&](const char* what) {
    sender.PutNow(Entry::OfEnd(
        topic,
        watch.stop() ? v1::End() : Failure(absl::StatusCode::kUnknown, what)));
  };
  try {
    return next();
  } catch (const std::exception& error) {
    end(error.what());
    throw;
  } catch (...) {
    end("the producer threw something");
    throw;
  }
}

}  // namespace

Publisher::Publisher(const std::string& target, const PublisherOptions& options)
    : Publisher(Connect(target, options.credentials), options) {}

Publisher::Publisher(std::shared_ptr<grpc::Channel> channel,
                     PublisherOptions options)
    : sender_(
          std::make_unique<Sender>(std::move(channel), std::move(options))) {}

Publisher::~Publisher() { sender_->Leave(); }

absl::Status Publisher::Publish(const std::string& topic, Event event,
                                absl::Duration timeout) {
  return sender_->PutEvent(topic, std::move(event), timeout);
}

absl::Status Publisher::End(const std::string& topic, absl::Duration timeout) {
  return sender_->Put(Entry::OfEnd(topic, v1::End()), timeout);
}

absl::Status Publisher::Fail(const std::string& topic, absl::StatusCode code,
                             const std::string& message,
                             absl::Duration timeout) {
  if (code == absl::StatusCode::kOk) {
    return absl::InvalidArgumentError("a topic does not fail with OK");
  }
  return sender_->Put(Entry::OfEnd(topic, Failure(code, message)), timeout);
}

absl::Status Publisher::Announce(const std::string& topic,
                                 absl::Duration timeout) {
  return sender_->Put(Entry::OfName(topic), timeout);
}

absl::StatusOr<Streamed> Publisher::Stream(const std::string& topic,
                                           const Source& next,
                                           StreamOptions options) {
  // Of no topic if stops are to be ignored.
  const Sender::StopWatch watch(*sender_, options.ignore_stops ? "" : topic);
  Streamed streamed;
  absl::Status status;
  while (status.ok() && !(streamed.stop = watch.stop())) {
    auto item = NextItem(*sender_, topic, next, watch);
    if ((streamed.stop = watch.stop())) break;
    status = item.status();
    if (!status.ok()) break;
    if (!item->has_value()) break;
    status = Publish(topic, *std::move(*item));
    if (status.ok()) ++streamed.events;
  }
  if (status.ok()) status = End(topic);
  if (status.ok()) status = Flush();
  if (status.ok()) return streamed;
  // Without waiting for room: an end is small.
  sender_->PutNow(Entry::OfEnd(topic, Failure(status)));
  Flush().IgnoreError();  // what it says, later calls say again
  return status;
}

absl::Status Publisher::Flush(absl::Duration timeout) {
  return sender_->Flush(timeout);
}

absl::StatusOr<Totals> Publisher::Close(absl::Duration timeout) {
  return sender_->Close(timeout);
}

void Publisher::Cancel() { sender_->Cancel(); }

Totals Publisher::totals() const { return sender_->totals(); }

}  // namespace sluice
