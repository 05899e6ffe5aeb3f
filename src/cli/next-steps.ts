// Text of `serve --next-steps`: the first client and its first token.
import { SETTINGS } from '../config.ts'
import { type Environment, chosenSettings } from '../settings/environment.ts'
import { quoted } from '../text/shell.ts'

/** Shell lines for the settings that another terminal needs, without secrets. */
const exports = (environment: Environment): string => {
  const chosen = chosenSettings(environment, SETTINGS)
  return ['ISSUER', 'PORT', 'DATABASE_URL', 'KEYS_DIR', 'KEK_FILE', 'ALGORITHMS']
    .map((name) => `LATCHKEY_${name}`)
    .filter((name) => name in chosen)
    .map((name) => `  export ${name}=${quoted(String(chosen[name]))}\n`)
    .join('')
}

export const nextSteps = (issuer: string): string => `
Latchkey answers at ${issuer}. In another terminal, create a client, request a token, revoke it:

${exports(process.env)}  eval "$(npx latchkey client create --name my-daemon --plugin my-plugin --create-plugin \\
    --grant 'hook=hook:track' --env)"
  TOKEN=$(printf 'user = "%s:%s"' "$CLIENT_ID" "$CLIENT_SECRET" |
    curl -s -K - -d grant_type=client_credentials ${issuer}/oauth/token |
    sed -E 's/.*"access_token":"([^"]+)".*/\\1/')
  echo "$TOKEN" | npx latchkey token revoke -
  echo "$TOKEN" | npx latchkey token inspect -

`
