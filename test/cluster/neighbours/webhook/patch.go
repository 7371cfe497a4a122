package main

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// operation is an operation of a JSON Patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

func add(value any, path ...any) operation {
	return operation{Op: "add", Path: pointer(path), Value: value}
}

func replace(value any, path ...any) operation {
	return operation{Op: "replace", Path: pointer(path), Value: value}
}

func remove(path ...any) operation {
	return operation{Op: "remove", Path: pointer(path)}
}

// appendTo appends to a list, and creates the list if it is empty.
func appendTo(length int, value any, path ...any) operation {
	if length == 0 {
		return add([]any{value}, path...)
	}
	return add(value, append(path, "-")...)
}

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

func pointer(elements []any) string {
	var path strings.Builder
	for _, element := range elements {
		path.WriteString("/" + escaper.Replace(fmt.Sprint(element)))
	}
	return path.String()
}

// placed is a container with the name of its list.
type placed struct {
	corev1.Container
	list  string
	index int
}

// path is the path of a part of the container.
func (p placed) path(elements ...any) []any {
	return append([]any{"spec", p.list, p.index}, elements...)
}

func everyContainer(pod *corev1.Pod) []placed {
	var all []placed
	for index, container := range pod.Spec.InitContainers {
		all = append(all, placed{container, "initContainers", index})
	}
	for index, container := range pod.Spec.Containers {
		all = append(all, placed{container, "containers", index})
	}
	return all
}

func hasContainer(pod *corev1.Pod, name string) bool {
	for _, container := range everyContainer(pod) {
		if container.Name == name {
			return true
		}
	}
	return false
}
