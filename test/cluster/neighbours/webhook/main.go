// Program webhook serves mutating admission webhooks that behave like other products, correctly or not. The cluster
// tests run them next to the injector.
//
// The first element of a path is the name of the calling registration, the second one is the behaviour:
//
//	https://<listen>/<registration>/<behaviour>[/<parameter>]
//
// API servers do not accept URLs with a query, so the rest of the path is a parameter, which may contain slashes.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

// settings apply to every behaviour.
type settings struct {
	roleARN string
	region  string
	// The image of added containers, unless a parameter overrides it.
	image string
}

func main() {
	certFile := flag.String("cert", "", "file of the certificate")
	keyFile := flag.String("key", "", "file of its key")
	listen := flag.String("listen", "127.0.0.1:0", "address; the actual address is the only line on stdout")
	var chosen settings
	flag.StringVar(&chosen.roleARN, "role-arn", "arn:aws:iam::111122223333:role/neighbour",
		"role of pods without the annotation "+roleAnnotation)
	flag.StringVar(&chosen.region, "region", "eu-west-1", "value of AWS_REGION")
	flag.StringVar(&chosen.image, "image", "localhost/neighbour:1", "image of added containers")
	flag.Parse()

	certificate, err := tls.LoadX509KeyPair(*certFile, *keyFile)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Handler:           newHandler(chosen),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: 10 * time.Second,
	}
	fmt.Println(listener.Addr())
	go endWithParent()
	log.Fatal(server.ServeTLS(listener, "", ""))
}

// endWithParent ends this process when its standard input closes: the parent process closed it, or is dead.
func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
