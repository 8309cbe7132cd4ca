// Go's canonical JSON: the program takes the path of a descriptor set, and a JSON list of {"type", "bytes"} on standard
// input, the bytes in base64. It prints a list of JSON texts.
package main

import (
	"encoding/json"
	"log"
	"os"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

type row struct {
	Type  string `json:"type"`
	Bytes []byte `json:"bytes"`
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	bytes, err := os.ReadFile(os.Args[1])
	check(err)
	set := &descriptorpb.FileDescriptorSet{}
	check(proto.Unmarshal(bytes, set))
	files, err := protodesc.NewFiles(set)
	check(err)
	options := protojson.MarshalOptions{Resolver: dynamicpb.NewTypes(files)}

	var rows []row
	check(json.NewDecoder(os.Stdin).Decode(&rows))
	rendered := []string{}
	for _, row := range rows {
		descriptor, err := files.FindDescriptorByName(protoreflect.FullName(row.Type))
		check(err)
		message := dynamicpb.NewMessage(descriptor.(protoreflect.MessageDescriptor))
		check(proto.Unmarshal(row.Bytes, message))
		text, err := options.Marshal(message)
		check(err)
		rendered = append(rendered, string(text))
	}
	check(json.NewEncoder(os.Stdout).Encode(rendered))
}
