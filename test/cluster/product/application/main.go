// An application as a static binary: the only file of its image, so that there is no shell. It tells the SHA-256 of what
// it was given, since what containers print is searched for values.
//
//	application [env:NAME | file:PATH | wait] …     prints a line for each
//	application is env:NAME SHA-256                        ends with 0 if that is so
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
		if told := tell(words[1]); told != words[2] {
			fmt.Fprintln(os.Stderr, told)
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
		fmt.Println(tell(word))
	}
}

func tell(word string) string {
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
		return "what is " + word
	}
}

func checksum(content []byte) string {
	return fmt.Sprintf("%x", sha256.Sum256(content))
}
