// Code of kubectl and of the API server, with JSON on standard input and output. With the argument "manifests", it reads
// texts in base64 the way `kubectl apply -f` does, with the same splitting into documents and the same decoder: the
// answer to each is the list of its objects, as JSON text, or the error. In that text, an object is {"pairs": [[key,
// value], …]}, because V8 confuses keys with escapes. With the argument "keys", it answers for each key whether an
// annotation can have it.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/yaml"
)

type answer struct {
	Objects []string `json:"objects"`
	Error   string   `json:"error,omitempty"`
}

// Keeps the JSON of a document, like runtime.RawExtension.
type document struct {
	raw []byte
}

func (d *document) UnmarshalJSON(text []byte) error {
	d.raw = append(d.raw[:0], text...)
	return nil
}

func main() {
	switch os.Args[1] {
	case "manifests":
		serve(read)
	case "keys":
		serve(isKey)
	}
}

// Answers every element of a list.
func serve[Question, Answer any](answer func(Question) Answer) {
	var questions []Question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	answers := make([]Answer, len(questions))
	for i, question := range questions {
		answers[i] = answer(question)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// From ValidateAnnotations of k8s.io/apimachinery/pkg/api/validation.
func isKey(key string) bool {
	return len(validation.IsQualifiedName(strings.ToLower(key))) == 0
}

// From FileVisitor and StreamVisitor of k8s.io/cli-runtime/pkg/resource.
func read(text []byte) answer {
	objects := []string{}
	utf16bom := unicode.BOMOverride(unicode.UTF8.NewDecoder())
	d := yaml.NewYAMLOrJSONDecoder(transform.NewReader(bytes.NewReader(text), utf16bom), 4096)
	for {
		one := document{}
		if err := d.Decode(&one); err != nil {
			if err == io.EOF {
				return answer{Objects: objects}
			}
			return answer{Objects: objects, Error: err.Error()}
		}
		one.raw = bytes.TrimSpace(one.raw)
		if len(one.raw) == 0 || bytes.Equal(one.raw, []byte("null")) {
			continue
		}
		objects = append(objects, pairs(one.raw))
	}
}

// Writes objects as lists of their members.
func pairs(raw []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var text bytes.Buffer
	if err := writeValue(decoder, &text); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return text.String()
}

func writeValue(decoder *json.Decoder, text *bytes.Buffer) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		text.WriteString(`{"pairs":[`)
		for isFirst := true; decoder.More(); isFirst = false {
			if !isFirst {
				text.WriteByte(',')
			}
			text.WriteByte('[')
			if err := writeValue(decoder, text); err != nil {
				return err
			}
			text.WriteByte(',')
			if err := writeValue(decoder, text); err != nil {
				return err
			}
			text.WriteByte(']')
		}
		text.WriteString("]}")
		_, err = decoder.Token()
		return err
	case json.Delim('['):
		text.WriteByte('[')
		for isFirst := true; decoder.More(); isFirst = false {
			if !isFirst {
				text.WriteByte(',')
			}
			if err := writeValue(decoder, text); err != nil {
				return err
			}
		}
		text.WriteByte(']')
		_, err = decoder.Token()
		return err
	}
	written, err := json.Marshal(token)
	text.Write(written)
	return err
}
