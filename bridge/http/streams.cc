#include "bridge/http/streams.h"

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bridge/http/http_loop.h"
#include "bridge/http/responses.h"
#include "bridge/http/sse_frame.h"
#include "bridge/http/sse_stream.h"
#include "bridge/http/stream_request.h"

namespace sluice {
namespace {

// The one question of a stream's handler: `ask` asks the store when the channel
// is ready. What comes in between is neither missed nor told twice.
template <typename T>
T* AskWhenReady(Exchange& exchange,
                const std::shared_ptr<TopicChannel>& channel,
                std::function<void(std::function<void(T)>)> ask) {
  exchange.Keep(channel);
  return exchange.Ask<T>([&](std::function<void(T)> done) {
    channel->WhenReady(
        [ask = std::move(ask), done = std::move(done)] { ask(done); });
  });
}

// Answers with the stream that goes on from `place`. `topics`: what a gap is
// of.
void Begin(Exchange& exchange, const std::shared_ptr<TopicChannel>& channel,
           const StreamRequest& wanted, const Place& place,
           const std::vector<std::string>& topics,
           httplib::Response& response) {
  if (place.nothing_left) {
    response.status = 204;
    return;
  }
  HttpLoop& loop = exchange.loop();
  const Epoch& epoch = loop.epoch();
  std::string opening = Opening(loop.options().retry);
  if (place.gap) {
    opening += GapFrame(*place.gap, topics, epoch);
    ++loop.counters().gaps;
  }
  if (place.tell_position) opening += PositionFrame(place.after, epoch);
  for (const EntryRef& end : place.ends)
    opening += EndedFrame(*end, place.after, epoch);
  auto stream =
      std::make_shared<SseStream>(channel, place, std::move(opening),
                                  absl::ToInt64Milliseconds(wanted.heartbeat));
  exchange.Stream(
      response,
      [stream](size_t, httplib::DataSink& sink) {
        return stream->Provide(sink);
      },
      stream);
}

// The entries of the query; an error names what is wrong with it.
absl::StatusOr<Selector> ParseSelector(const Target& target, size_t max) {
  std::vector<std::string> entries;
  for (const auto& [name, value] : target.query) {
    if (name == "topic") entries.push_back(value);
  }
  if (entries.empty()) {
    return absl::InvalidArgumentError(
        "topic, a topic or a pattern, is given at least once");
  }
  if (entries.size() > max) {
    return absl::InvalidArgumentError(absl::StrCat(
        "topic is given more than max_topics_per_stream, ", max, ", times"));
  }
  return Selector::Parse(std::move(entries));
}

}  // namespace

void StreamTopic(Exchange& exchange, const std::string& topic,
                 httplib::Response& response) {
  HttpLoop& loop = exchange.loop();
  const absl::StatusOr<StreamRequest> wanted =
      ParseStreamRequest(exchange.request, loop.options().heartbeat);
  if (!wanted.ok()) return SetError(response, wanted.status());

  const auto channel = loop.channels().Open(
      Selector(topic), {exchange.chunked(), false, wanted->envelope});
  const Store::Description* description = AskWhenReady<Store::Description>(
      exchange, channel, [&loop, topic, start = wanted->start](auto done) {
        loop.hub().store().Describe(topic, IdToLookUp(start),
                                    start.last.value_or(0), done);
      });
  if (description == nullptr) return;
  if (!description->info && loop.options().require_topics) {
    return SetError(response, NotThere(topic));
  }
  Begin(exchange, channel, *wanted,
        FindPlace(wanted->start, *description, loop.epoch()), {topic},
        response);
}

void StreamSelector(Exchange& exchange, httplib::Response& response) {
  HttpLoop& loop = exchange.loop();
  const absl::StatusOr<StreamRequest> wanted =
      ParseStreamRequest(exchange.request, loop.options().heartbeat);
  if (!wanted.ok()) return SetError(response, wanted.status());
  const absl::StatusOr<Selector> selector = ParseSelector(
      exchange.request.target, loop.options().max_topics_per_stream);
  if (!selector.ok()) return SetError(response, selector.status());

  const auto channel = loop.channels().Open(
      *selector, {exchange.chunked(), true, wanted->envelope});
  const Store::Overview* overview = AskWhenReady<Store::Overview>(
      exchange, channel,
      [&loop, selector = *selector, last = wanted->start.last.value_or(0)](
          auto done) { loop.hub().store().DescribeAll(selector, last, done); });
  if (overview == nullptr) return;
  if (!overview->all_there && loop.options().require_topics) {
    return SetError(response,
                    absl::NotFoundError("one of the topics is not there"));
  }
  std::vector<std::string> topics = selector->names();
  topics.insert(topics.end(), selector->patterns().begin(),
                selector->patterns().end());
  Begin(exchange, channel, *wanted,
        FindPlace(wanted->start, *selector, *overview, loop.epoch()), topics,
        response);
}

}  // namespace sluice
