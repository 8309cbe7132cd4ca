#pragma once

#include <httplib.h>

#include <string>

#include "bridge/http/exchange.h"

namespace sluice {

// The requests that change topics as things. Whether a request may change
// anything, and the name of the topic in its path, is checked before
// (routes.cc); bodies are those of topic_json.h.

// POST /v1/topics: 201 {"topic","events_url"}; 409 if the topic is there.
void CreateTopic(Exchange& exchange, const std::string& no_topic,
                 httplib::Response& response);

// POST /v1/topics/{topic}/end: 200 {"cursor"}, the end's; 404 if the topic is
// not there or deleted, 409 if it has ended otherwise.
void EndTopic(Exchange& exchange, const std::string& topic,
              httplib::Response& response);

// DELETE /v1/topics/{topic}: 204; 404 if it is not there.
void DeleteTopic(Exchange& exchange, const std::string& topic,
                 httplib::Response& response);

// POST /v1/topics/{topic}/stop: asks those who publish to stop. 202
// {"producers"}, how many were asked; 409 if there is none.
void StopProducers(Exchange& exchange, const std::string& topic,
                   httplib::Response& response);

}  // namespace sluice
