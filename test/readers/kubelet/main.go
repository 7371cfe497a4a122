// Reads env files as kubelet does for `fileKeyRef`. Standard input holds a JSON list of {file, names}, and
// standard output gets one JSON object for each, with a name's value or null where kubelet refused.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"unicode/utf8"

	"k8s.io/kubernetes/pkg/kubelet/util/env"
)

type file struct {
	File  string
	Names []string
}

func main() {
	var files []file
	if err := json.NewDecoder(os.Stdin).Decode(&files); err != nil {
		fail(err)
	}
	answers := make([]map[string]*string, len(files))
	for i, file := range files {
		answers[i] = map[string]*string{}
		for _, name := range file.Names {
			// An empty value is a missing variable to kubelet, whatever the reason.
			value, err := env.ParseEnv(file.File, name)
			if err == nil && value != "" && utf8.ValidString(value) {
				answers[i][name] = &value
			} else {
				answers[i][name] = nil
			}
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
