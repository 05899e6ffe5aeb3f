import { type Attack } from '../hostile-client.ts'

export const attack: Attack = {
  says: 'a client that enrolled itself writes metadata of 60 KB again and again',
  connections: 1,
  needsClient: true,
  async run({ pause, signal, target: { port, enrolled } }) {
    const padding = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`x_${i}`, 'x'.repeat(1_000)]),
    )
    const body = JSON.stringify({ client_id: enrolled.id, client_name: 'n', ...padding })
    let { token } = enrolled
    while (!signal.aborted) {
      const response = await fetch(`http://127.0.0.1:${port}/oauth/register/${enrolled.id}`, {
        method: 'PUT',
        body,
        signal,
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      })
      const answer = (await response.json()) as { registration_access_token?: string }
      token = answer.registration_access_token ?? token
      // The server refuses writes beyond its bound.
      if (!response.ok) await pause(100)
    }
  },
}
