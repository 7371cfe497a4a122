package main

import (
	"encoding/csv"
	"math/rand"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

const (
	// In a real cluster, the service account has this annotation. This program does not read service accounts.
	roleAnnotation = "eks.amazonaws.com/role-arn"
	// Of the pod: names of containers, separated by commas.
	skipAnnotation     = "eks.amazonaws.com/skip-containers"
	podIdentityLabel   = "eks.amazonaws.com/pod-identity"
	roleVariable       = "AWS_ROLE_ARN"
	tokenVariable      = "AWS_WEB_IDENTITY_TOKEN_FILE"
	agentVariable      = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
	agentTokenVariable = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
	stsVariable        = "AWS_STS_REGIONAL_ENDPOINTS"
	regionVariable     = "AWS_REGION"
	region2Variable    = "AWS_DEFAULT_REGION"
	agentURL           = "http://169.254.170.23/v1/credentials"
)

// identity is what the EKS Pod Identity webhook adds to a pod.
type identity struct {
	variables                      []corev1.EnvVar
	volume, folder, file, audience string
	lifetime                       int64
	label                          bool
}

// webIdentity is the identity of a service account with the annotation of a role (IRSA).
func webIdentity(c call) identity {
	role := c.pod.Annotations[roleAnnotation]
	if role == "" {
		role = c.settings.roleARN
	}
	folder := "/var/run/secrets/eks.amazonaws.com/serviceaccount"
	return identity{
		variables: []corev1.EnvVar{{Name: roleVariable, Value: role}, {Name: tokenVariable, Value: folder + "/token"}},
		volume:    "aws-iam-token",
		folder:    folder,
		file:      "token",
		audience:  "sts.amazonaws.com",
		lifetime:  86400,
	}
}

// podIdentity is the identity of a service account with an EKS Pod Identity association, which has precedence over the
// annotation. The parameter is the URL of the agent without its scheme, for clusters with IPv6.
func podIdentity(c call) identity {
	url := agentURL
	if c.parameter != "" {
		url = "http://" + c.parameter
	}
	folder := "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"
	file := "eks-pod-identity-token"
	return identity{
		variables: []corev1.EnvVar{
			{Name: agentVariable, Value: url}, {Name: agentTokenVariable, Value: folder + "/" + file},
		},
		volume:   "eks-pod-identity-token",
		folder:   folder,
		file:     file,
		audience: "pods.eks.amazonaws.com",
		// The tokens of pods that start together do not expire together.
		lifetime: 79200 + rand.Int63n(86400-79200+1),
		label:    true,
	}
}

// writeIdentity does what the EKS Pod Identity webhook does: it adds the identity to every container, and always writes
// both lists of containers back, even if it has nothing to add. It adds the volume as an element.
func writeIdentity(c call, added identity) []operation {
	lists := withIdentity(c, added)
	var patch []operation
	switch {
	case hasVolume(c.pod, added.volume):
	case c.pod.Spec.Volumes == nil:
		patch = append(patch, add([]corev1.Volume{added.tokenVolume()}, "spec", "volumes"))
	default:
		patch = append(patch, add(added.tokenVolume(), "spec", "volumes", 0))
	}
	patch = append(patch, add(lists.containers, "spec", "containers"))
	if len(lists.initContainers) > 0 {
		patch = append(patch, add(lists.initContainers, "spec", "initContainers"))
	}
	if added.label && c.pod.Labels[podIdentityLabel] != "enabled" {
		patch = append(patch, label(c.pod, podIdentityLabel, "enabled"))
	}
	return patch
}

// rewriteToAdd does what webhooks do that skip pods to which they have nothing to add. It adds a role, and replaces all
// lists, decoded with its own types, so that the effect of an old library on volumes is tested as well.
func rewriteToAdd(c call) []operation {
	added := webIdentity(c)
	lists := withIdentity(c, added)
	volumes := c.pod.Spec.Volumes
	if !hasVolume(c.pod, added.volume) {
		volumes = append([]corev1.Volume{added.tokenVolume()}, volumes...)
		lists.changed = true
	}
	if !lists.changed {
		return nil
	}
	patch := []operation{add(volumes, "spec", "volumes")}
	if len(lists.initContainers) > 0 {
		patch = append(patch, add(lists.initContainers, "spec", "initContainers"))
	}
	return append(patch, add(lists.containers, "spec", "containers"))
}

type containerLists struct {
	initContainers, containers []corev1.Container
	changed                    bool
}

func withIdentity(c call, added identity) containerLists {
	lists := containerLists{
		initContainers: slices.Clone(c.pod.Spec.InitContainers), containers: slices.Clone(c.pod.Spec.Containers),
	}
	skipped := skippedContainers(c.pod)
	for _, list := range [][]corev1.Container{lists.initContainers, lists.containers} {
		for index := range list {
			if !slices.Contains(skipped, list[index].Name) {
				lists.changed = added.addTo(&list[index], c.settings.region) || lists.changed
			}
		}
	}
	return lists
}

// skippedContainers returns no names if the annotation is not valid CSV.
func skippedContainers(pod *corev1.Pod) []string {
	names, err := csv.NewReader(strings.NewReader(pod.Annotations[skipAnnotation])).Read()
	if err != nil {
		return nil
	}
	return names
}

// addTo adds missing parts, and returns whether it added any.
func (i identity) addTo(container *corev1.Container, region string) bool {
	has := func(name string) bool {
		return slices.ContainsFunc(container.Env, func(e corev1.EnvVar) bool { return e.Name == name })
	}
	var env []corev1.EnvVar
	if !has(stsVariable) {
		env = append(env, corev1.EnvVar{Name: stsVariable, Value: "regional"})
	}
	if !has(regionVariable) && !has(region2Variable) {
		env = append(env, corev1.EnvVar{Name: region2Variable, Value: region},
			corev1.EnvVar{Name: regionVariable, Value: region})
	}
	// One of them means that the container has another identity of this kind.
	if !slices.ContainsFunc(i.variables, func(e corev1.EnvVar) bool { return has(e.Name) }) {
		env = append(env, i.variables...)
	}
	if len(env) == 0 {
		return false
	}
	container.Env = append(slices.Clone(container.Env), env...)
	mounts := container.VolumeMounts
	if !slices.ContainsFunc(mounts, func(m corev1.VolumeMount) bool { return m.Name == i.volume }) {
		container.VolumeMounts = append(slices.Clone(mounts),
			corev1.VolumeMount{Name: i.volume, MountPath: i.folder, ReadOnly: true})
	}
	return true
}

func hasVolume(pod *corev1.Pod, name string) bool {
	return slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == name })
}

func (i identity) tokenVolume() corev1.Volume {
	token := &corev1.ServiceAccountTokenProjection{
		Audience: i.audience, ExpirationSeconds: &i.lifetime, Path: i.file,
	}
	return corev1.Volume{
		Name: i.volume,
		VolumeSource: corev1.VolumeSource{
			Projected: &corev1.ProjectedVolumeSource{
				Sources: []corev1.VolumeProjection{{ServiceAccountToken: token}},
			},
		},
	}
}

func label(pod *corev1.Pod, name, value string) operation {
	if pod.Labels == nil {
		return add(map[string]string{name: value}, "metadata", "labels")
	}
	return add(value, "metadata", "labels", name)
}
