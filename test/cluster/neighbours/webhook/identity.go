package main

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

const (
	// In a real cluster, the service account has this annotation. This program does not read service accounts.
	roleAnnotation  = "eks.amazonaws.com/role-arn"
	tokenVolume     = "aws-iam-token"
	tokenFolder     = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
	tokenAudience   = "sts.amazonaws.com"
	tokenLifetime   = 86400
	roleVariable    = "AWS_ROLE_ARN"
	tokenVariable   = "AWS_WEB_IDENTITY_TOKEN_FILE"
	stsVariable     = "AWS_STS_REGIONAL_ENDPOINTS"
	regionVariable  = "AWS_REGION"
	region2Variable = "AWS_DEFAULT_REGION"
)

// rewriteWithIdentity does what the EKS pod identity webhook does: it adds the role of the pod to every container, and
// replaces whole lists, decoded with its own types. The real webhook only adds an element to the list of volumes. This
// one replaces the list, so that the effect of an old library on volumes is tested as well.
func rewriteWithIdentity(c call) []operation {
	return rewrite(c, false)
}

// rewriteEveryTime replaces the lists even if it has nothing to add, as webhooks do that build a patch from a decoded
// pod.
func rewriteEveryTime(c call) []operation {
	return rewrite(c, true)
}

func rewrite(c call, everyTime bool) []operation {
	role := c.pod.Annotations[roleAnnotation]
	if role == "" {
		role = c.settings.roleARN
	}
	initContainers := slices.Clone(c.pod.Spec.InitContainers)
	containers := slices.Clone(c.pod.Spec.Containers)
	changed := false
	for _, list := range [][]corev1.Container{initContainers, containers} {
		for index := range list {
			changed = giveIdentity(&list[index], role, c.settings.region) || changed
		}
	}
	volumes := c.pod.Spec.Volumes
	if !slices.ContainsFunc(volumes, func(v corev1.Volume) bool { return v.Name == tokenVolume }) {
		volumes = append([]corev1.Volume{projectedToken()}, volumes...)
		changed = true
	}
	if !changed && !everyTime {
		return nil
	}
	patch := []operation{add(volumes, "spec", "volumes")}
	if len(initContainers) > 0 {
		patch = append(patch, add(initContainers, "spec", "initContainers"))
	}
	return append(patch, add(containers, "spec", "containers"))
}

// giveIdentity adds missing parts, and returns whether it added any.
func giveIdentity(container *corev1.Container, role, region string) bool {
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
	// Either of the two means that the pod has another identity.
	if !has(roleVariable) && !has(tokenVariable) {
		env = append(env, corev1.EnvVar{Name: roleVariable, Value: role},
			corev1.EnvVar{Name: tokenVariable, Value: tokenFolder + "/token"})
	}
	if len(env) == 0 {
		return false
	}
	container.Env = append(slices.Clone(container.Env), env...)
	mounts := container.VolumeMounts
	if !slices.ContainsFunc(mounts, func(m corev1.VolumeMount) bool { return m.Name == tokenVolume }) {
		container.VolumeMounts = append(slices.Clone(mounts),
			corev1.VolumeMount{Name: tokenVolume, MountPath: tokenFolder, ReadOnly: true})
	}
	return true
}

func projectedToken() corev1.Volume {
	lifetime := int64(tokenLifetime)
	token := &corev1.ServiceAccountTokenProjection{Audience: tokenAudience, ExpirationSeconds: &lifetime, Path: "token"}
	return corev1.Volume{
		Name: tokenVolume,
		VolumeSource: corev1.VolumeSource{
			Projected: &corev1.ProjectedVolumeSource{
				Sources: []corev1.VolumeProjection{{ServiceAccountToken: token}},
			},
		},
	}
}
