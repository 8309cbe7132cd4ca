"""The back end of the example: serves the page, and answers questions token by token through a Sluice bridge.

    python server.py --grpc localhost:50051 --http http://localhost:8080 --port 8001
"""

import argparse
import html
import http.server
import json
import pathlib
import threading
import time

import grpc
from sluice.v1 import event_pb2, publisher_service_pb2, publisher_service_pb2_grpc, topic_service_pb2, topic_service_pb2_grpc

PAGE = pathlib.Path(__file__).with_name("index.html")
MAX_QUESTION = 10_000
TEXT = (
    "A token is a piece of a word. A model makes one after the other, and each costs the same, whether anyone reads it "
    "or not. So the answer goes to a topic as it is made, everyone who opens the page reads along, and when somebody "
    "says stop, the model is told. "
)


class ModelError(Exception):
    """What a model's own library would raise."""


def model(question, pace, count):
    """Stands for a real one: yields tokens. Closing it is how it is told to stop."""
    made = 0
    try:
        text = f"You asked: {question.strip()} " + ("That is all." if "short" in question else TEXT * count)
        for token in text.split(" ")[:count]:
            time.sleep(pace)
            if "fail" in question and made == 12:
                raise ModelError("the model has run out of memory")
            yield token + " "
            made += 1
    finally:
        print(f"model: stopped after {made} tokens", flush=True)


def requests(topic, question, tokens, stop):
    """What is published: runs in a thread of gRPC's, which takes one after the other as the bridge has room."""
    request = publisher_service_pb2.PublishWithFeedbackRequest
    event = event_pb2.Event
    # If this process dies, the bridge fails the topic, and the page is told.
    yield request(topic=topic, on_abort=event_pb2.ON_ABORT_FAIL, events=[event(type="question", text=question)])
    try:
        for token in tokens:
            if stop.is_set():
                break
            yield request(events=[event(text=token)])
        if stop.is_set():
            yield request(events=[event(type="note", text="Stopped, as you asked.")])
        yield request(end=event_pb2.End())
    except ModelError as error:
        failure = event_pb2.Error(code=grpc.StatusCode.INTERNAL.value[0], message=str(error))
        yield request(end=event_pb2.End(error=failure))
    finally:
        tokens.close()


def answer(stub, topic, question, tokens):
    stop = threading.Event()
    try:
        for feedback in stub.PublishWithFeedback(requests(topic, question, tokens, stop)):
            if feedback.HasField("stop"):
                print(f"reader: stop, {feedback.stop.reason or 'for no reason'}", flush=True)
                stop.set()
    except grpc.RpcError as error:
        print(f"bridge: {error.code().name}: {error.details()}", flush=True)
    finally:
        stop.set()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/":
            return self.reply(404, "text/plain", "There is nothing here.\n")
        page = PAGE.read_text(encoding="utf-8").replace("{{bridge}}", html.escape(self.server.options.http))
        self.reply(200, "text/html; charset=utf-8", page)

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        # Pages of other sites can send this type only after asking, and nobody answers them.
        is_json = self.headers.get_content_type() == "application/json"
        if self.path != "/ask" or not is_json or not 0 < length <= MAX_QUESTION:
            return self.reply(400, "text/plain", "POST /ask takes a question as JSON.\n")
        try:
            question = str(json.loads(self.rfile.read(length))["question"])
            topic = self.server.ask(question)
        except (ValueError, KeyError, TypeError):
            return self.reply(400, "text/plain", "That is no question.\n")
        except grpc.RpcError as error:
            return self.reply(503, "text/plain", f"The bridge says {error.code().name}.\n")
        self.reply(200, "application/json", json.dumps({"topic": topic}))

    def reply(self, status, content_type, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, options):
        super().__init__(("127.0.0.1", options.port), Handler)
        self.options = options
        channel = grpc.insecure_channel(options.grpc)
        self.topics = topic_service_pb2_grpc.TopicServiceStub(channel)
        self.publisher = publisher_service_pb2_grpc.PublisherServiceStub(channel)

    def ask(self, question):
        """Begins an answer and returns its topic: nobody can guess it, so only who has the link reads along."""
        settings = topic_service_pb2.TopicSettings(retention_events=100_000, coalesce=True)
        made = self.topics.CreateTopic(topic_service_pb2.CreateTopicRequest(settings=settings), timeout=10)
        topic = made.topic.name
        tokens = model(question, self.options.pace, self.options.tokens)
        threading.Thread(target=answer, args=(self.publisher, topic, question, tokens), daemon=True).start()
        return topic


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--grpc", required=True, help="the bridge's gRPC address, HOST:PORT")
    parser.add_argument("--http", required=True, help="the bridge's HTTP address, as browsers reach it")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--pace", type=float, default=0.05, help="seconds that a token takes")
    parser.add_argument("--tokens", type=int, default=300, help="the most that an answer has")
    server = Server(parser.parse_args())
    print(f"Open http://localhost:{server.server_port}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
