package main

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Names of injected objects.
const (
	fetcherName  = "aws-secrets-fetch"
	secretVolume = "aws-secrets"
)

// duplicateVariable appends a variable to every container. The parameter is its name. The last declaration takes effect.
func duplicateVariable(c call) []operation {
	duplicate := corev1.EnvVar{Name: c.parameter, Value: "duplicate"}
	var patch []operation
	for _, container := range everyContainer(c.pod) {
		last := len(container.Env) - 1
		if last < 0 || container.Env[last] != duplicate {
			patch = append(patch, appendTo(last+1, duplicate, container.path("env")...))
		}
	}
	return patch
}

// dropInit removes the injected init container.
func dropInit(c call) []operation {
	for index, container := range c.pod.Spec.InitContainers {
		if container.Name == fetcherName {
			return []operation{remove("spec", "initContainers", index)}
		}
	}
	return nil
}

// dropMounts removes the mounts of secrets from one container (the parameter) or from all.
func dropMounts(c call) []operation {
	var patch []operation
	for _, container := range everyContainer(c.pod) {
		if c.parameter != "" && c.parameter != container.Name {
			continue
		}
		// From the end, so that earlier indices stay valid.
		for index := len(container.VolumeMounts) - 1; index >= 0; index-- {
			if container.VolumeMounts[index].Name == secretVolume {
				patch = append(patch, remove(container.path("volumeMounts", index)...))
			}
		}
	}
	return patch
}

// unshell removes the injected shell from every command.
func unshell(c call) []operation {
	// The shell, its option, the script and the file that the script reads.
	const prefix = 4
	var patch []operation
	for _, container := range everyContainer(c.pod) {
		command := container.Command
		if len(command) > prefix && strings.HasSuffix(command[0], "sh") && command[1] == "-c" &&
			strings.HasSuffix(command[2], `exec "$@"`) {
			patch = append(patch, replace(command[prefix:], container.path("command")...))
		}
	}
	return patch
}

// diskVolume replaces the in-memory volume of secrets by one on the disk of the node.
func diskVolume(c call) []operation {
	for index, volume := range c.pod.Spec.Volumes {
		if volume.Name == secretVolume && (volume.EmptyDir == nil || volume.EmptyDir.Medium != "") {
			disk := object{"name": secretVolume, "emptyDir": object{}}
			return []operation{replace(disk, "spec", "volumes", index)}
		}
	}
	return nil
}

// rewriteImage rewrites every image to a mirror, as clusters without Internet access do. The parameter is the mirror's
// host.
func rewriteImage(c call) []operation {
	mirror := c.parameter
	if mirror == "" {
		mirror = "mirror.example"
	}
	var patch []operation
	for _, container := range everyContainer(c.pod) {
		if image := mirrored(mirror, container.Image); image != container.Image {
			patch = append(patch, replace(image, container.path("image")...))
		}
	}
	return patch
}

func mirrored(mirror, image string) string {
	first, rest, found := strings.Cut(image, "/")
	switch {
	case !found:
		return mirror + "/library/" + image
	case first == "localhost" || strings.ContainsAny(first, ".:"):
		return mirror + "/" + rest
	default:
		return mirror + "/" + image
	}
}
