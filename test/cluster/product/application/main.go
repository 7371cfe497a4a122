// An application as a static binary, which is the only file of its image, so that the image has no shell. It prints
// SHA-256 sums, because a test searches the output of containers for values.
//
//	application [env:NAME | file:PATH | wait] …     prints a line for each argument
//	application is env:NAME SHA-256                 exits with 0 if the variable has this sum
package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	words := os.Args[1:]
	if len(words) == 3 && words[0] == "is" {
		if found := describe(words[1]); found != words[2] {
			fmt.Fprintln(os.Stderr, found)
			os.Exit(1)
		}
		return
	}
	for _, word := range words {
		if word == "wait" {
			end := make(chan os.Signal, 1)
			signal.Notify(end, syscall.SIGTERM)
			<-end
			return
		}
		fmt.Println(describe(word))
	}
}

func describe(word string) string {
	kind, name, _ := strings.Cut(word, ":")
	switch kind {
	case "env":
		value, isSet := os.LookupEnv(name)
		if !isSet {
			return "unset"
		}
		return checksum([]byte(value))
	case "file":
		content, err := os.ReadFile(name)
		if err != nil {
			return "absent"
		}
		return checksum(content)
	default:
		return "unknown argument " + word
	}
}

func checksum(content []byte) string {
	return fmt.Sprintf("%x", sha256.Sum256(content))
}
