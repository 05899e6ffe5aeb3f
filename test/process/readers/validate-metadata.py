"""Validates the metadata of an issuer and a token with Authlib: ISSUER AUDIENCE TOKEN. Prints who the token is of."""

import json
import os
import sys
import urllib.request

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # the issuer of the test is plain http on loopback

from authlib.jose import JsonWebKey, JsonWebToken
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc8414 import get_well_known_url as oauth_url
from authlib.oidc.discovery import OpenIDProviderMetadata
from authlib.oidc.discovery import get_well_known_url as openid_url


def read(url):
    with urllib.request.urlopen(url, timeout=20) as response:
        return json.load(response)


issuer, audience, token = sys.argv[1:]
for metadata in (
    AuthorizationServerMetadata(read(oauth_url(issuer, external=True))),
    OpenIDProviderMetadata(read(openid_url(issuer, external=True))),
):
    metadata.validate()
    assert metadata["issuer"] == issuer

keys = JsonWebKey.import_key_set(read(metadata["jwks_uri"]))
expected = {
    "iss": {"essential": True, "value": issuer},
    "aud": {"essential": True, "value": audience},
}
claims = JsonWebToken(["RS256"]).decode(token, keys, claims_options=expected)
claims.validate()
print(claims["client_id"])
