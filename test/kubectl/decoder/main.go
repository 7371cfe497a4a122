// Reads manifests the way `kubectl apply -f` does: the same splitting into documents, the same decoder. Standard input
// holds a JSON list of texts in base64, and standard output gets one JSON value for each: the list of its objects, as
// JSON text, or the error.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
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
	var texts [][]byte
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	answers := make([]answer, len(texts))
	for i, text := range texts {
		answers[i] = read(text)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
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
		objects = append(objects, string(one.raw))
	}
}
