// A whole Kubernetes control plane in one binary, for tests: the first argument says which part of it to be.
//
//	control-plane etcd --data-dir ...
//	control-plane kube-apiserver --etcd-servers ...
//
// k8s.io/kubernetes cannot be installed with `go install` because its go.mod replaces its own parts, and one binary
// is linked once where four would be linked four times.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	if len(os.Args) < 2 {
		fail("say which part: etcd, kube-apiserver, kube-controller-manager or kube-scheduler")
	}
	part := os.Args[1]
	// Each part reads os.Args itself, and takes the first one for the name of the program.
	os.Args = os.Args[1:]

	switch part {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		run(apiserver.NewAPIServerCommand())
	case "kube-controller-manager":
		run(controllermanager.NewControllerManagerCommand())
	case "kube-scheduler":
		run(scheduler.NewSchedulerCommand())
	default:
		fail(fmt.Sprintf("%q is no part of a control plane", part))
	}
}

func run(command *cobra.Command) {
	os.Exit(cli.Run(command))
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, "control-plane:", message)
	os.Exit(2)
}
