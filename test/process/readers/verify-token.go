// Discovers an issuer and verifies a token with go-oidc: ISSUER AUDIENCE TOKEN. Prints who the token is of.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/coreos/go-oidc"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	issuer, audience, token := os.Args[1], os.Args[2], os.Args[3]
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	provider, err := oidc.NewProvider(ctx, issuer)
	check(err)
	verified, err := provider.Verifier(&oidc.Config{ClientID: audience}).Verify(ctx, token)
	check(err)
	var claims struct {
		ClientID string `json:"client_id"`
	}
	check(verified.Claims(&claims))
	fmt.Println(claims.ClientID)
}
