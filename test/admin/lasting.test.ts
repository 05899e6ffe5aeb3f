// Long answers: the right to read them is checked again while they are made and sent.
import { beforeEach, describe, expect, it } from 'vitest'
import { exportAudit } from '../../src/admin/audit.ts'
import { AnswerEnded } from '../../src/errors.ts'
import { adminOf } from '../support/admin.ts'
import { type AdminApi, BOTH, startAdminApi } from '../support/admin-api.ts'
import type { TestServer } from '../support/server.ts'

const MINUTE = 60
/** Number of events for more than two steps of an export. */
const EVENTS = 2_500

const addEvents = (server: TestServer, count: number, target: string): void => {
  server.sql(`
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})
    insert into audit_events (created_at, actor, action, target, outcome)
    select ${server.seconds()}, 'cli:me', 'workspace.suspend', '${target}', 'success' from n`)
}

let api: AdminApi
beforeEach(async () => {
  api = await startAdminApi()
  await api.server.client({ workspaceId: null, grants: { latchkey: BOTH } }) // a second administrator, as the last one cannot be disabled
  addEvents(api.server, EVENTS, 'acme')
})

type Ended = { lines: string[]; error: unknown }

/** Starts an export whose reader decides when it reads on. */
const startExport = async (token: string) => {
  const response = await api.server.request('/admin/v1/audit/export', {
    headers: { Authorization: `Bearer ${token}` },
  })
  expect(response.status).toBe(200)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  const lines: string[] = []
  const readOne = async (): Promise<boolean> => {
    const { done, value } = await reader.read()
    if (!done) lines.push(decoder.decode(value))
    return !done
  }
  return {
    readOne,
    async rest(): Promise<Ended> {
      try {
        while (await readOne());
        return { lines, error: null }
      } catch (error) {
        return { lines, error }
      }
    },
  }
}

const idOf = (who: 'unbound' | 'bound'): string => api.callers[who].client.id

const clientNow = async (who: 'unbound' | 'bound') => {
  const client = await api.server.store.findClient(idOf(who))
  if (client === null) throw new Error('the client is there')
  return client
}

/** Changes that end the right to read, in the middle of an export. */
const ENDS: Record<string, (who: 'unbound' | 'bound', token: string) => Promise<void>> = {
  'the reader is disabled': async (who) => {
    const { store, seconds } = api.server
    await store.updateClient(await clientNow(who), { status: 'disabled' }, seconds())
  },
  'the reader is deleted': async (who) => {
    await api.server.store.deleteClient(await clientNow(who), api.server.seconds())
  },
  'the reader loses the permission': async (who) => {
    const { store, seconds } = api.server
    await store.updateClient(await clientNow(who), { grants: [] }, seconds())
  },
  'the tokens of the reader are revoked': async (who) => {
    await api.server.store.revokeClientTokens(idOf(who), api.server.seconds())
  },
  'the token of the reader is revoked': async (_who, token) => {
    const admin = await api.tokenOf(api.callers.unbound)
    const { status } = await api.callWith(admin, 'POST', '/revocations', { token })
    expect(status).toBe(201)
  },
  'the token expires': async () => api.server.advance(24 * 60 * MINUTE),
  'every key is revoked': async () => {
    await api.server.store.revokeKeys('all', [], api.server.seconds())
  },
}

const ENDINGS = Object.keys(ENDS).flatMap((ending) =>
  (['unbound', 'bound'] as const).flatMap((who) => [0, 2].map((pause) => ({ ending, who, pause }))),
)

describe('export of audit events', () => {
  it.each(ENDINGS)(
    'breaks off when $ending ($who, $pause s later)',
    async ({ ending, who, pause }) => {
      const token = await api.tokenOf(api.callers[who])
      const export_ = await startExport(token)
      await export_.readOne()
      await ENDS[ending]?.(who, token)
      addEvents(api.server, 1, 'later')
      api.server.advance(pause)
      const { lines, error } = await export_.rest()
      expect(error).toBeInstanceOf(Error)
      // The line that was already made, or the rest of the step.
      expect(lines.length).toBeLessThanOrEqual(pause === 0 ? 1_001 : 2)
      expect(lines.join('')).not.toContain('later')
      expect(api.server.lines.filter(({ msg }) => msg === 'an export was aborted')).toHaveLength(1)
    },
  )

  it('breaks off when a workspace is suspended, for its administrators alone', async () => {
    const [bound, unbound] = await Promise.all([
      startExport(await api.tokenOf(api.callers.bound)),
      startExport(await api.tokenOf(api.callers.unbound)),
    ])
    await bound.readOne()
    await unbound.readOne()
    const acme = await api.server.store.findWorkspace('acme')
    if (acme === null) throw new Error('the workspace is there')
    await api.server.store.updateWorkspace(acme, { status: 'suspended' }, api.server.seconds())
    expect((await bound.rest()).error).toBeInstanceOf(Error)
    expect((await unbound.rest()).error).toBeNull()
  })

  it('has the events that existed at its start', async () => {
    for (const who of ['unbound', 'bound'] as const) {
      const export_ = await startExport(await api.tokenOf(api.callers[who]))
      await export_.readOne()
      addEvents(api.server, 1_500, 'later')
      const { lines, error } = await export_.rest()
      expect(error).toBeNull()
      const seqs = lines.map((line) => (JSON.parse(line) as { seq: number }).seq)
      expect(seqs.length).toBeGreaterThanOrEqual(EVENTS)
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
      const last = api.server.query('select max(seq) - 1500 as seq from audit_events')[0]?.['seq']
      expect(seqs.at(-1)).toBeLessThanOrEqual(Number(last))
    }
  })

  it('breaks off when the reader changes its workspace', async () => {
    const admin = adminOf(api.server)
    const authority = { ...admin.authority, workspaceId: 'acme' }
    const { rows } = await exportAudit({ ...admin, authority })
    await expect(rows.next()).rejects.toBeInstanceOf(AnswerEnded)
  })

  it.each([
    ['pauses', [15 * MINUTE + 1]],
    ['reads slowly', Array.from({ length: 1_000 }, () => 1)],
  ])('breaks off after 15 minutes for a reader that %s', async (_, pauses) => {
    const { rows } = await exportAudit(adminOf(api.server))
    let read = 0
    const slowly = async (): Promise<void> => {
      for (const pause of pauses) {
        await rows.next()
        read++
        api.server.advance(pause)
      }
      await rows.next()
    }
    await expect(slowly()).rejects.toBeInstanceOf(AnswerEnded)
    expect(read).toBeLessThanOrEqual(15 * MINUTE + 1)
  })
})

/** Long reads, each with a store verb that is called during the answer. */
const READS: [string, 'listAuditEvents' | 'listClients' | 'listAuditSeals'][] = [
  ['/audit', 'listAuditEvents'],
  ['/audit?actor=nobody', 'listAuditEvents'],
  ['/audit/verify', 'listAuditSeals'],
  ['/clients', 'listClients'],
]

describe('long read', () => {
  it.each(READS)(
    'is not answered at %s to a reader who was disabled meanwhile',
    async (path, verb) => {
      const { store, deps } = api.server
      let disabled = false
      const slow = async (...input: unknown[]) => {
        if (!disabled) {
          disabled = true
          await ENDS['the reader is disabled']?.('unbound', '')
          api.server.advance(2)
        }
        return await (store[verb] as (...given: unknown[]) => Promise<unknown>)(...input)
      }
      const token = await api.tokenOf(api.callers.unbound)
      Object.assign(deps.store, { [verb]: slow })
      const answer = await api.callWith(token, 'GET', path)
      expect(answer).toMatchObject({ status: 401, body: { code: 'token_revoked' } })
    },
  )
})

describe('check of the audit', () => {
  /** Runs `act` at the second page of rows, and counts the pages that are read after it. */
  const duringCheck = (act: () => Promise<void> | void): { after: number } => {
    const { store, deps } = api.server
    const read = { after: -2 }
    const listAuditEvents = store.listAuditEvents.bind(store)
    Object.assign(deps.store, {
      listAuditEvents: async (...page: Parameters<typeof listAuditEvents>) => {
        if (++read.after === 0) await act()
        return await listAuditEvents(...page)
      },
    })
    return read
  }

  /** Many more pages than are read after the check has to end. */
  const PAGES = 10

  beforeEach(() => addEvents(api.server, PAGES * 1_000, 'acme'))

  it.each(Object.keys(ENDS))('ends within a step when %s', async (ending) => {
    const token = await api.tokenOf(api.callers.unbound)
    const read = duringCheck(async () => {
      await ENDS[ending]?.('unbound', token)
      api.server.advance(1)
    })
    const { status } = await api.callWith(token, 'GET', '/audit/verify')
    // 503 when the time is over too, or no key is left to verify the token.
    expect([401, 403, 503]).toContain(status)
    expect(read.after).toBe(0)
  })

  it('ends after 15 minutes with answer_ended, and the detail names the limit', async () => {
    const token = await api.tokenOf(api.callers.unbound)
    const read = duringCheck(() => api.server.advance(15 * MINUTE + 1))
    const answer = await api.callWith(token, 'GET', '/audit/verify')
    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'answer_ended', detail: expect.stringContaining('15 minutes') as string },
    })
    expect(read.after).toBe(0)
  })

  it('ends when its reader disconnects', async () => {
    const token = await api.tokenOf(api.callers.unbound)
    const reader = new AbortController()
    const read = duringCheck(() => {
      reader.abort()
      api.server.advance(1)
    })
    const headers = { Authorization: `Bearer ${token}` }
    await api.server.request('/admin/v1/audit/verify', { headers, signal: reader.signal })
    expect(read.after).toBe(0)
  })

  it('continues for a reader who keeps the right to it', async () => {
    const token = await api.tokenOf(api.callers.unbound)
    const read = duringCheck(() => api.server.advance(2))
    const answer = await api.callWith(token, 'GET', '/audit/verify')
    expect(answer).toMatchObject({ status: 200, body: { intact: true } })
    expect(read.after).toBeGreaterThanOrEqual(PAGES)
  })
})

describe('list of audit events with a filter that few rows match', () => {
  it('ends early with a cursor, and is complete in parts', async () => {
    addEvents(api.server, 60_000, 'acme')
    const only = { actor: 'cli:me', target: 'globex' }
    const path = `/audit?${new URLSearchParams({ ...only, action: 'workspace.suspend' }).toString()}`
    const { body } = await api.call(api.callers.unbound, 'GET', path)
    expect(body).toEqual({ items: [], next_cursor: null }) // the index shows that there are none
    const other = await api.call(api.callers.other, 'GET', '/audit')
    expect(other.body).toEqual({ items: [], next_cursor: expect.stringMatching(/./) as string })
    expect(await api.readAll(api.callers.other, '/audit')).toEqual([])
  })
})
