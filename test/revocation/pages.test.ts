// Cursors that strangers choose: the number of signed pages, the age of signatures, and waiting for
// other requests.
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { REVOCATION_PAGE_ENTRIES } from '../../src/constants.ts'
import { START_SECONDS, type TestServer, startServer } from '../support/server.ts'

type Page = {
  iat: number
  cursor: string
  epoch: string
  full: boolean
  more: boolean
  entries: { seq: number }[]
}

let server: TestServer
let signatures: number

/** A server whose signatures are counted. */
const counting = async (options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> => {
  const made = await startServer(options)
  const { signText } = made.deps.signer
  made.deps.signer.signText = (...of) => {
    signatures += 1
    return signText(...of)
  }
  return made
}

beforeEach(async () => {
  signatures = 0
  server = await counting()
})

const add = (first: number, last: number, expiresAt = START_SECONDS + 900): void =>
  server.sql(`insert into revocations (seq, kind, value, client_id, expires_at, created_at)
    with recursive n(i) as (select ${first} union all select i + 1 from n where i < ${last})
    select i, 'jti', 'jti-' || i, 'lkc_1', ${expiresAt}, ${START_SECONDS} from n;
    update revocation_counter set seq = ${last}`)

const cursorAt = (epoch: string, seq: number): string => `${epoch}.${String(seq).padStart(16, '0')}`

const ask = async (after: string | null, of = server, init?: RequestInit): Promise<Response> => {
  const query = after === null ? '' : `?after=${encodeURIComponent(after)}`
  return await of.request(`/oauth/revocations${query}`, init)
}

const fetchPage = async (after: string | null, of = server) => {
  const response = await ask(after, of)
  expect(response.status).toBe(200)
  const text = await response.text()
  const { after: begins } = decodeProtectedHeader(text) as { after?: string }
  return { ...decodeJwt<Page>(text), begins, cache: response.headers.get('cache-control') }
}

const revoke = (jti: string): Promise<void> => {
  const exp = server.seconds() + 900
  return server.store.revokeToken({ jti, clientId: 'lkc_1', clientGen: 1, exp }, server.seconds())
}

const seqOf = (cursor: string): number => Number(/\.(\d+)~?$/.exec(cursor)?.[1])

/**
 * Reads the list as a follower does, each page from another server. @returns the numbers of the
 * rules, the number of pages and the last cursor
 */
const walk = async (servers: TestServer[], from: string | null = null) => {
  const seqs = new Set<number>()
  let [after, pages] = [from, 0]
  for (;;) {
    const page = await fetchPage(after, servers[pages % servers.length])
    pages += 1
    expect(page.full).toBe(after === null)
    if (after !== null) {
      expect((page.begins ?? '') <= after).toBe(true)
      // The cursor moves on, unless there is nothing more.
      expect(seqOf(page.cursor) > seqOf(after) || !page.more).toBe(true)
    }
    for (const { seq } of page.entries) seqs.add(seq)
    after = page.cursor
    if (!page.more) return { seqs: [...seqs].toSorted((a, b) => a - b), pages, after }
    expect(pages).toBeLessThan(1_000)
  }
}

/** Live rules that a read of the list has missed. */
const missed = (seqs: number[]): number[] => {
  const seen = new Set(seqs)
  return liveSeqs().filter((seq) => !seen.has(seq))
}

const liveSeqs = (): number[] =>
  server
    .query(`select seq from revocations where expires_at > ${server.seconds() - 60} order by seq`)
    .map(({ seq }) => Number(seq))

describe('different cursors', () => {
  test('are answered from as few pages as possible, each signed once', async () => {
    const count = 10 * REVOCATION_PAGE_ENTRIES + 77
    add(1, count)
    const { epoch } = await fetchPage(null)
    await Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        const cursor = cursorAt(epoch, (i * 7_919) % count)
        const text = await (await ask(cursor)).text()
        expect(String(decodeProtectedHeader(text)['after']) <= cursor).toBe(true)
      }),
    )
    expect(signatures).toBeLessThanOrEqual(11 + 15)
    const before = signatures
    for (let i = 0; i < 200; i++) await ask(cursorAt(epoch, (i * 104_729) % count))
    expect(signatures).toBe(before)
  })

  test('are answered from one page after nearly the whole list was pruned', async () => {
    server.sql(`insert into revocations (seq, kind, value, client_id, expires_at, created_at)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 100)
      select i * 10000, 'jti', 'jti-' || i, 'lkc_1', ${START_SECONDS + 900}, ${START_SECONDS} from n;
      update revocation_counter set seq = 1000000`)
    const { epoch } = await fetchPage(null)
    for (let i = 0; i < 200; i++) {
      const page = await fetchPage(cursorAt(epoch, (i * 79_193) % 1_000_000))
      expect(page.more).toBe(false)
    }
    expect(signatures).toBeLessThanOrEqual(2 * 20 + 20)
  })

  test('get exactly the new rules near the end', async () => {
    add(1, 300)
    const { epoch } = await fetchPage(null)
    for (let behind = 0; behind <= 20; behind++) {
      const page = await fetchPage(cursorAt(epoch, 300 - behind))
      expect(page.entries.map(({ seq }) => seq)).toEqual(
        Array.from({ length: behind }, (_, i) => 300 - behind + 1 + i),
      )
    }
  })

  test('get at most twice the new rules further away', async () => {
    add(1, 3_000)
    const { epoch } = await fetchPage(null)
    for (let behind = 21; behind < 3_000; behind += 37) {
      const page = await fetchPage(cursorAt(epoch, 3_000 - behind))
      expect(page.entries.length).toBeGreaterThanOrEqual(behind)
      expect(page.entries.length).toBeLessThanOrEqual(2 * behind)
    }
    expect(signatures).toBeLessThan(20)
  })

  test('share pages while rules are written one after the other', async () => {
    add(1, 4_000)
    const { epoch } = await fetchPage(null)
    const changes = 150
    for (let change = 1; change <= changes; change++) {
      await revoke(`new-${change}`)
      await ask(cursorAt(epoch, change))
    }
    expect(signatures).toBeLessThan(120)
    // A follower near the end still gets the newest rule.
    expect((await fetchPage(cursorAt(epoch, 4_000 + changes - 1))).entries).toHaveLength(1)
  })
})

describe('page before the last', () => {
  test('keeps its signature while rules are added, and states for how long', async () => {
    add(1, REVOCATION_PAGE_ENTRIES + 100)
    const first = await fetchPage(null)
    expect(first.cache).toBe('public, max-age=44')
    server.advance(30)
    await revoke('new')
    expect(await fetchPage(null)).toEqual({ ...first, cache: 'public, max-age=14' })
    server.advance(15)
    expect((await fetchPage(null)).iat).toBe(first.iat + 45)
  })

  test('is signed anew after its key was revoked', async () => {
    add(1, REVOCATION_PAGE_ENTRIES + 100)
    const kidOf = async () => decodeProtectedHeader(await (await ask(null)).text()).kid
    const before = await kidOf()
    await server.store.revokeKeys([String(before)], [], server.seconds())
    expect(await kidOf()).not.toBe(before)
  })

  test('is not reused in another epoch', async () => {
    add(1, REVOCATION_PAGE_ENTRIES + 100)
    const before = await fetchPage(null)
    server.sql(`update revocation_counter set epoch = 'anotherEpochOfTheList'`)
    expect((await fetchPage(null)).epoch).not.toBe(before.epoch)
    expect((await fetchPage(before.cursor)).full).toBe(true)
  })
})

describe('walk through the list', () => {
  test.each([0, 1, 4_999, 5_000, 5_001, 12_345])('finds all of %i rules', async (count) => {
    if (count > 0) add(1, count)
    const { seqs, pages } = await walk([server])
    expect(seqs.length).toBe(liveSeqs().length)
    expect(missed(seqs)).toEqual([])
    expect(pages).toBe(Math.max(1, Math.ceil(count / REVOCATION_PAGE_ENTRIES)))
  })

  test('ends and finds every rule on two servers that divide the list in different places', async () => {
    add(1, 23_000)
    // The other server divided it when there were rules that have expired since.
    server.sql(`update revocations set expires_at = ${START_SECONDS - 50} where seq % 7 = 0`)
    const other = await counting({ store: server.store, clock: server.deps.clock })
    await walk([other])
    server.advance(30)
    server.sql(`delete from revocations where expires_at < ${START_SECONDS}`)
    const { seqs, pages } = await walk([server, other])
    expect(missed(seqs)).toEqual([])
    expect(pages).toBeLessThanOrEqual(2 * 5)
  })

  test.each([1, 2, 3, 4, 5, 6])(
    'finds every live rule while rules are pruned: seed %i',
    async (seed) => {
      let random = seed * 2_654_435_761
      const next = (below: number): number => {
        random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
        return random % below
      }
      let last = 9_000 + next(9_000)
      add(1, last)
      const seen = new Set<number>()
      let after: string | null = null
      for (let pages = 0; ; pages++) {
        const page = await fetchPage(after)
        if (page.full) seen.clear()
        for (const { seq } of page.entries) seen.add(seq)
        after = page.cursor
        if (!page.more) break
        expect(pages).toBeLessThan(20)
        const [from, to] = [next(last), next(last)]
        server.sql(`delete from revocations where seq between ${Math.min(from, to)} and ${Math.max(from, to)};
        update revocation_counter set pruned_seq = max(pruned_seq, ${Math.max(from, to)})`)
        const more = next(400)
        add(last + 1, last + 1 + more)
        last += 1 + more
        server.advance(next(60))
      }
      expect(liveSeqs().filter((seq) => !seen.has(seq))).toEqual([])
    },
  )

  test('finds every rule after the clock was set back and rules live again', async () => {
    add(1, 20_000, START_SECONDS + 100)
    server.sql(`update revocations set expires_at = ${START_SECONDS - 65} where seq % 2 = 0`)
    await walk([server])
    server.advance(-20)
    expect(missed((await walk([server])).seqs)).toEqual([])
  })
})

describe('abandoned request', () => {
  test('causes no work', async () => {
    add(1, 60_000)
    const { epoch } = await fetchPage(null)
    const before = signatures
    const gone = new AbortController()
    const answers = Array.from({ length: 11 }, (_, i) =>
      ask(cursorAt(epoch, 5_000 * i + 17), server, { signal: gone.signal }),
    )
    await new Promise((resolve) => setTimeout(resolve))
    gone.abort()
    await Promise.allSettled(answers)
    expect(signatures - before).toBeLessThanOrEqual(4)
  })
})

describe('time of a signature', () => {
  test('is the time of signing, however long a request waited', async () => {
    add(1, 60_000)
    const { epoch } = await fetchPage(null)
    // A second passes while each page is read.
    const { readRevocationPage } = server.deps.store
    server.deps.store.readRevocationPage = async (range) => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (range.limit > 1) server.advance(1)
      return await readRevocationPage(range)
    }
    await Promise.all(
      Array.from({ length: 11 }, async (_, i) => {
        const page = await fetchPage(cursorAt(epoch, 5_000 * i + 17))
        expect(server.seconds() - page.iat).toBeLessThan(5)
      }),
    )
  })

  test('is at most five seconds ago for a last page, also after a process was held up', async () => {
    const { signText } = server.deps.signer
    let held = true
    server.deps.signer.signText = async (...of) => {
      const signed = await signText(...of)
      if (held) server.advance(60)
      held = false
      return signed
    }
    const page = await fetchPage(null)
    expect(page.iat).toBe(server.seconds())
  })
})
