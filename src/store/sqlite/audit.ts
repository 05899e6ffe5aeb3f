import { auditEvents } from '../schema.sqlite.ts'
import type { Store } from '../store.ts'
import type { Driver, Statement } from './database.ts'

type AuditVerbs = Pick<Store, 'addAuditEvents'>

export const auditVerbs = ({ db, atomically }: Driver): AuditVerbs => ({
  async addAuditEvents(events, now) {
    await atomically(
      events.map(
        (event) => db.insert(auditEvents).values({ ...event, createdAt: now }) as Statement,
      ),
    )
  },
})
