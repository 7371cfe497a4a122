// Reads files the way programs written in Go do. The first argument names the reader, standard input holds a
// JSON list of files, and standard output gets one JSON value for each: what was read, or null where the
// reader refused.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/docker/cli/pkg/kvfile"
	yaml2 "gopkg.in/yaml.v2"
	yaml3 "gopkg.in/yaml.v3"
)

var readers = map[string]func(file string) (any, error){
	"docker":  readDocker,
	"compose": readCompose,
	"json":    unmarshal(json.Unmarshal),
	"yaml2":   unmarshal(yaml2.Unmarshal),
	"yaml3":   unmarshal(yaml3.Unmarshal),
}

func main() {
	read, known := readers[os.Args[1]]
	if !known {
		fail(fmt.Errorf("no reader is called %s", os.Args[1]))
	}
	var files []string
	if err := json.NewDecoder(os.Stdin).Decode(&files); err != nil {
		fail(err)
	}
	answers := make([]any, len(files))
	for i, file := range files {
		if found, err := read(file); err == nil {
			answers[i] = found
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fail(err)
	}
}

// Docker's command line: docker run --env-file.
func readDocker(file string) (any, error) {
	lines, err := kvfile.Parse(file, nil)
	if err != nil {
		return nil, err
	}
	variables := map[string]string{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "=")
		variables[name] = value
	}
	return valid(variables)
}

// Docker Compose: env_file.
func readCompose(file string) (any, error) {
	variables, err := dotenv.GetEnvFromFile(map[string]string{}, []string{file})
	if err != nil {
		return nil, err
	}
	return valid(variables)
}

// What is not UTF-8 would be altered on its way through JSON.
func valid(variables map[string]string) (any, error) {
	for name, value := range variables {
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return nil, fmt.Errorf("not UTF-8")
		}
	}
	return variables, nil
}

func unmarshal(read func(data []byte, into any) error) func(file string) (any, error) {
	return func(file string) (any, error) {
		data, err := os.ReadFile(file)
		if err != nil {
			fail(err)
		}
		var found any
		if err := read(data, &found); err != nil {
			return nil, err
		}
		return jsonable(found), nil
	}
}

// The second version of go-yaml makes maps with keys of any type, which JSON has not.
func jsonable(node any) any {
	switch node := node.(type) {
	case map[any]any:
		members := map[string]any{}
		for name, member := range node {
			members[name.(string)] = jsonable(member)
		}
		return members
	case map[string]any:
		for name, member := range node {
			node[name] = jsonable(member)
		}
	case []any:
		for i, item := range node {
			node[i] = jsonable(item)
		}
	}
	return node
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
