package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// A pod with this annotation tests whether a registration is active. The response repeats its value.
	probeAnnotation = "neighbour.example/probe"
	// The prefix of the name of the answering registration.
	answerPrefix = "answered.neighbour.example/"
)

// call is a pod for one behaviour.
type call struct {
	// Decoded by the library of this program, which drops newer fields.
	pod       *corev1.Pod
	parameter string
	settings  settings
}

// imageOrDefault returns the image of an added container.
func (c call) imageOrDefault() string {
	if c.parameter != "" {
		return c.parameter
	}
	return c.settings.image
}

// behaviour returns the changes. It is idempotent, because it is called again after another webhook changed the pod.
type behaviour func(call) []operation

var behaviours = map[string]behaviour{
	"web-identity":       func(c call) []operation { return writeIdentity(c, webIdentity(c)) },
	"pod-identity":       func(c call) []operation { return writeIdentity(c, podIdentity(c)) },
	"rewrite-to-add":     rewriteToAdd,
	"append-container":   appendContainer,
	"istio-classic":      istioClassic,
	"istio-native":       istioNative,
	"linkerd-classic":    linkerdClassic,
	"linkerd-native":     linkerdNative,
	"duplicate-variable": duplicateVariable,
	"drop-init":          dropInit,
	"drop-mounts":        dropMounts,
	"unshell":            unshell,
	"disk-volume":        diskVolume,
	"rewrite-image":      rewriteImage,
	"never-answers":      nil,
}

func newHandler(chosen settings) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{registration}/{behaviour}/{parameter...}", func(w http.ResponseWriter, r *http.Request) {
		serve(w, r, chosen)
	})
	mux.HandleFunc("POST /{registration}/{behaviour}", func(w http.ResponseWriter, r *http.Request) {
		serve(w, r, chosen)
	})
	return mux
}

func serve(w http.ResponseWriter, r *http.Request, chosen settings) {
	registration, name := r.PathValue("registration"), r.PathValue("behaviour")
	behave, known := behaviours[name]
	if !known {
		http.Error(w, "no behaviour "+name, http.StatusNotFound)
		return
	}
	var review admissionv1.AdmissionReview
	var pod corev1.Pod
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil || review.Request == nil {
		http.Error(w, fmt.Sprintf("no AdmissionReview with a request: %v", err), http.StatusBadRequest)
		return
	}
	if err := json.Unmarshal(review.Request.Object.Raw, &pod); err != nil {
		http.Error(w, fmt.Sprintf("no pod: %v", err), http.StatusBadRequest)
		return
	}
	var patch []operation
	if probe, isProbe := pod.Annotations[probeAnnotation]; isProbe {
		patch = []operation{add(probe, "metadata", "annotations", answerPrefix+registration)}
	} else if behave == nil {
		// Waits until the caller gives up.
		<-r.Context().Done()
		return
	} else {
		patch = behave(call{pod: &pod, parameter: r.PathValue("parameter"), settings: chosen})
	}
	log.Printf("%s %s: pod %s/%s%s, %d operations", registration, name, review.Request.Namespace, pod.Name,
		pod.GenerateName, len(patch))
	if err := answer(w, review, patch); err != nil {
		log.Printf("%s %s: %v", registration, name, err)
	}
}

func answer(w http.ResponseWriter, review admissionv1.AdmissionReview, patch []operation) error {
	response := &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	if len(patch) > 0 {
		encoded, err := json.Marshal(patch)
		if err != nil {
			return err
		}
		patchType := admissionv1.PatchTypeJSONPatch
		response.Patch, response.PatchType = encoded, &patchType
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Response: response,
	})
}
