// Rules of the revocation list as text for people. Pure: no I/O.
import type { AnswerOf } from '../admin/api/actions.ts'

export type Rule = AnswerOf<'revocation.show'>

/** The maker of a rule that an earlier version wrote. */
export const UNKNOWN = 'unknown'

const named = (name: string | null, id: string): string =>
  name === null || name === id ? id : `${name} (${id})`

const SUBJECTS: Readonly<Record<Rule['kind'], (rule: Rule) => string>> = {
  jti: ({ value, name, client_id: id }) => `${value} of ${name ?? id ?? 'an unknown client'}`,
  run: ({ run, workspace_id: workspace }) =>
    run === null ? 'an unknown run' : `${run} in ${workspace ?? 'no workspace'}`,
  client: ({ value, name }) => named(name, value),
  plugin: ({ value, name }) => named(name, value),
  workspace: ({ workspace_id: id, name }) =>
    id === null ? 'an unknown workspace' : named(name, id),
  key: ({ value }) => value,
}

/** A rule with its subject in words: values of rules over workspaces and runs are hashes. */
export const withSubject = (rule: Rule) => {
  const subject = SUBJECTS[rule.kind](rule)
  const { seq, kind, created_by: maker, ...others } = rule
  return { seq, kind, subject, ...others, created_by: maker ?? UNKNOWN }
}
