package main

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// object is JSON without the types of the library, because the old library lacks restartPolicy of a sidecar.
type object = map[string]any

const keepRunning = "trap 'exit 0' TERM; sleep 1; touch /tmp/ready; while :; do sleep 1; done"

// appendContainer appends a regular container that earlier webhooks have not seen.
func appendContainer(c call) []operation {
	const name = "late"
	if hasContainer(c.pod, name) {
		return nil
	}
	late := addedContainer(name, c.imageOrDefault(), 65532, "exit 0")
	return []operation{add(late, "spec", "containers", "-")}
}

// istioClassic appends the container that redirects traffic to the init containers, and the proxy to the containers.
func istioClassic(c call) []operation {
	initContainer, proxy := istioContainers(c)
	return istio(c, func(name string) bool { return name == "istio-init" || name == "istio-proxy" },
		func(initContainers, containers []any) ([]any, []any) {
			return append(initContainers, initContainer), append(containers, proxy)
		})
}

// istioNative inserts both containers before all other init containers, so that these can use the mesh.
func istioNative(c call) []operation {
	initContainer, proxy := istioContainers(c)
	return istio(c, func(name string) bool { return name == "istio-init" || name == "istio-proxy" },
		func(initContainers, containers []any) ([]any, []any) {
			return append([]any{initContainer, asSidecar(proxy)}, initContainers...), containers
		})
}

func istioContainers(c call) (object, object) {
	image := c.imageOrDefault()
	return addedContainer("istio-init", image, 1337, "exit 0"), addedContainer("istio-proxy", image, 1337, keepRunning)
}

// istio removes its containers and inserts them in the right places. Like the real injector, it decodes the pod with its
// own types and replaces whole lists.
func istio(c call, isOwn func(string) bool, place func([]any, []any) ([]any, []any)) []operation {
	others := func(list []corev1.Container) []any {
		var kept []any
		for _, container := range list {
			if !isOwn(container.Name) {
				kept = append(kept, container)
			}
		}
		return kept
	}
	initContainers, containers := place(others(c.pod.Spec.InitContainers), others(c.pod.Spec.Containers))
	if sameNames(c.pod.Spec.InitContainers, initContainers) && sameNames(c.pod.Spec.Containers, containers) {
		return nil
	}
	return []operation{add(initContainers, "spec", "initContainers"), add(containers, "spec", "containers")}
}

func sameNames(before []corev1.Container, after []any) bool {
	return slices.EqualFunc(before, after, func(one corev1.Container, other any) bool {
		switch other := other.(type) {
		case corev1.Container:
			return one.Name == other.Name
		case object:
			return one.Name == other["name"]
		default:
			return false
		}
	})
}

// linkerdClassic appends the container that redirects traffic to the init containers, and inserts the proxy before the
// other containers, which wait for it. It adds single elements and does not replace lists.
func linkerdClassic(c call) []operation {
	if hasContainer(c.pod, "linkerd-proxy") {
		return nil
	}
	initContainer, proxy := linkerdContainers(c)
	return []operation{
		appendTo(len(c.pod.Spec.InitContainers), initContainer, "spec", "initContainers"),
		add(proxy, "spec", "containers", 0),
	}
}

// linkerdNative inserts both containers before all other init containers.
func linkerdNative(c call) []operation {
	if hasContainer(c.pod, "linkerd-proxy") {
		return nil
	}
	initContainer, proxy := linkerdContainers(c)
	if len(c.pod.Spec.InitContainers) == 0 {
		return []operation{add([]any{initContainer, asSidecar(proxy)}, "spec", "initContainers")}
	}
	return []operation{
		add(initContainer, "spec", "initContainers", 0),
		add(asSidecar(proxy), "spec", "initContainers", 1),
	}
}

func linkerdContainers(c call) (object, object) {
	image := c.imageOrDefault()
	return addedContainer("linkerd-init", image, 65534, "exit 0"),
		addedContainer("linkerd-proxy", image, 2102, keepRunning)
}

// addedContainer meets every Pod Security Standard, so that tests can use restricted namespaces.
func addedContainer(name, image string, user int, script string) object {
	return object{
		"name":      name,
		"image":     image,
		"command":   []string{"/bin/sh", "-c", script},
		"resources": object{"requests": object{"cpu": "10m"}},
		"securityContext": object{
			"allowPrivilegeEscalation": false,
			"capabilities":             object{"drop": []string{"ALL"}},
			"runAsNonRoot":             true,
			"runAsUser":                user,
			"seccompProfile":           object{"type": "RuntimeDefault"},
		},
	}
}

// asSidecar turns a container into a native sidecar. Later init containers wait for its startup probe.
func asSidecar(container object) object {
	container["restartPolicy"] = "Always"
	container["startupProbe"] = object{
		"exec":          object{"command": []string{"/bin/sh", "-c", "test -e /tmp/ready"}},
		"periodSeconds": 1, "failureThreshold": 120,
	}
	return container
}
