// Every attack, by name. Each is a file of its own.
import type { Attack } from '../hostile-client.ts'
import { attack as abandonedCursors } from './abandoned-cursors.ts'
import { attack as closingRuns } from './closing-runs.ts'
import { attack as connectionChurn } from './connection-churn.ts'
import { attack as detailProducts } from './detail-products.ts'
import { attack as foreignCursors } from './foreign-cursors.ts'
import { attack as heldWaits } from './held-waits.ts'
import { attack as hostileHeaders } from './hostile-headers.ts'
import { attack as hostilePaths } from './hostile-paths.ts'
import { attack as largeForms } from './large-forms.ts'
import { attack as largeMetadata } from './large-metadata.ts'
import { attack as pipelinedBodies } from './pipelined-bodies.ts'
import { attack as randomCursors } from './random-cursors.ts'
import { attack as refusedLogins } from './refused-logins.ts'
import { attack as slowReaders } from './slow-readers.ts'
import { attack as slowWriters } from './slow-writers.ts'
import { attack as unfinishedBodies } from './unfinished-bodies.ts'
import { attack as unknownKids } from './unknown-kids.ts'
import { attack as unreadAnswers } from './unread-answers.ts'
import { attack as unreadDocuments500 } from './unread-documents-500.ts'
import { attack as unreadDocuments8 } from './unread-documents-8.ts'

export const ATTACKS: Record<string, Attack> = {
  'random-cursors': randomCursors,
  'abandoned-cursors': abandonedCursors,
  'foreign-cursors': foreignCursors,
  'held-waits': heldWaits,
  'slow-readers': slowReaders,
  'slow-writers': slowWriters,
  'connection-churn': connectionChurn,
  'hostile-paths': hostilePaths,
  'hostile-headers': hostileHeaders,
  'large-forms': largeForms,
  'pipelined-bodies': pipelinedBodies,
  'unfinished-bodies': unfinishedBodies,
  'refused-logins': refusedLogins,
  'unknown-kids': unknownKids,
  'closing-runs': closingRuns,
  'detail-products': detailProducts,
  'large-metadata': largeMetadata,
  'unread-answers': unreadAnswers,
  'unread-documents-8': unreadDocuments8,
  'unread-documents-500': unreadDocuments500,
}
