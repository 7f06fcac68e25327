// Reads a CredentialProviderResponse as the kubelet does (pkg/credentialprovider/plugin, decodeResponse), except that a
// member that its type does not have is an error, and writes what it has understood.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/kubelet/pkg/apis/credentialprovider/v1"
)

func main() {
	if err := read(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(input io.Reader, output io.Writer) error {
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		return err
	}
	body, err := io.ReadAll(input)
	if err != nil {
		return err
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	object, _, err := decoder.Decode(body, nil, nil)
	if err != nil {
		return err
	}
	response, ok := object.(*v1.CredentialProviderResponse)
	if !ok {
		return fmt.Errorf("%T is no response", object)
	}
	return json.NewEncoder(output).Encode(response)
}
