"""Python's canonical JSON: python render.py DESCRIPTOR_SET, with a JSON list of {"type", "text"} or {"type", "bytes"} on
standard input, the message in protobuf's text format or its bytes in base64. Prints a list of {"bytes", "json"}."""

import base64
import json
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, text_format


def main():
    pool = descriptor_pool.DescriptorPool()
    with open(sys.argv[1], "rb") as file:
        for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
            pool.Add(proto)
    rendered = []
    for row in json.load(sys.stdin):
        message = message_factory.GetMessageClass(pool.FindMessageTypeByName(row["type"]))()
        if "text" in row:
            text_format.Parse(row["text"], message, descriptor_pool=pool)
            encoded = base64.b64encode(message.SerializeToString(deterministic=True)).decode()
        else:
            encoded = row["bytes"]
            message.ParseFromString(base64.b64decode(encoded))
        rendered.append({
            "bytes": encoded,
            "json": json_format.MessageToJson(message, indent=None, descriptor_pool=pool),
        })
    json.dump(rendered, sys.stdout)


if __name__ == "__main__":
    main()
