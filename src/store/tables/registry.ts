// Tables of all that an administrator registers beside clients: workspaces, audiences, plugins, resources.
import type { Algorithm } from '../../signing/algorithms.ts'
import type { PluginStatus, TrustTier } from '../types/plugins.ts'
import type { WorkspaceStatus } from '../types/workspaces.ts'
import { flag, integer, json, table, text } from './column.ts'
import { createdAt, etag, generation } from './shared.ts'

/** The tenant. */
export const workspaces = table('workspaces', {
  id: text('id').primaryKey(),
  name: text('name'),
  status: text<WorkspaceStatus>('status').default('active'),
  generation: generation(),
  /** 128 random bits in every token of the workspace. Rules in the public list are made of it instead of the id. */
  ref: text('ref').default(''),
  etag: etag(),
  createdAt: createdAt(),
})

/** A resource server that tokens are meant for. */
export const audiences = table('audiences', {
  id: text('id').primaryKey(),
  requiresPlugin: flag('requires_plugin').default(false),
  /** Lifetime of its tokens in seconds; null: the server's default. */
  tokenTtl: integer('token_ttl').nullable(),
  algorithm: text<Algorithm>('algorithm').default('RS256'),
  etag: etag(),
  createdAt: createdAt(),
})

/** A scope value of an audience, with the scope values that it implies directly. */
export const permissions = table('permissions', {
  audienceId: text('audience_id').references(audiences.id),
  name: text('name'),
  /** The order of declaration, which is the order of a token's scope. */
  position: integer('position'),
  implies: json<string[]>('implies'),
})

/** The software that a client acts for. A deleted one stays as a tombstone, so that its id is not used again. */
export const plugins = table('plugins', {
  id: text('id').primaryKey(),
  name: text('name'),
  trust: text<TrustTier>('trust').default('restricted'),
  capabilities: json<string[]>('capabilities'),
  snapshot: text('snapshot').nullable(),
  status: text<PluginStatus>('status').default('active'),
  generation: generation(),
  etag: etag(),
  createdAt: createdAt(),
})

/** The target of authorization details. A deleted one stays, so that its id is not used for another. */
export const resources = table('resources', {
  type: text('type'),
  id: text('id'),
  workspaceId: text('workspace_id').references(workspaces.id),
  parts: json<string[]>('parts'),
  status: text<'active' | 'deleted'>('status').default('active'),
  etag: etag(),
  createdAt: createdAt(),
})
