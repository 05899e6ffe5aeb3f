// Check of the environment variables.
import { SETTINGS, configErrors } from '../../config.ts'
import { chosenSettings, emptySettings } from '../../settings/environment.ts'
import { type Finding, type Patient, failed, ok, warning } from './check.ts'

/** Reports every bad variable. Other commands stop at the first one. */
export const settings = async ({
  environment,
}: Pick<Patient, 'environment'>): Promise<readonly Finding[]> => {
  const errors = configErrors(environment)
  if (errors.length > 0) {
    return errors.map((error) => failed(error, 'change or unset the variable'))
  }
  const empty = emptySettings(environment, SETTINGS)
  const count = Object.keys(chosenSettings(environment, SETTINGS)).length
  return [
    ok(`${count} of ${SETTINGS.size} variables ${count === 1 ? 'is' : 'are'} set, and valid`),
    ...empty.map((name) =>
      warning(`${name} is set and empty, so that its default applies`, 'set or unset the variable'),
    ),
  ]
}
