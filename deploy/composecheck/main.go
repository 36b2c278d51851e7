// Composecheck loads a compose file as Docker Compose does, with its schema and its variables, and names the services,
// or writes the environment of the one that is named.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if err := check(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(file string, names []string) error {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithOsEnv, cli.WithProfiles([]string{"*"}))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	written := any(project.ServiceNames())
	if len(names) > 0 {
		service, err := project.GetService(names[0])
		if err != nil {
			return err
		}
		written = service.Environment
	}
	return json.NewEncoder(os.Stdout).Encode(written)
}
