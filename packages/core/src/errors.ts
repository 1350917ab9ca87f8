import { auditErrors } from './errors/audit.ts';
import { accessErrors } from './errors/access.ts';
import { accountErrors } from './errors/accounts.ts';
import { agentErrors } from './errors/agent.ts';
import { apiErrors } from './errors/api.ts';
import { applicationErrors } from './errors/applications.ts';
import { certificateErrors } from './errors/certificates.ts';
import { cliErrors } from './errors/cli.ts';
import { generalErrors } from './errors/general.ts';
import { groupErrors } from './errors/groups.ts';
import { legacyErrors } from './errors/legacy.ts';
import { mediaErrors } from './errors/media.ts';
import { namesErrors } from './errors/names.ts';
import { withNoun } from './errors/nouns.ts';
import { pkiErrors } from './errors/pki.ts';
import { protectionErrors } from './errors/protection.ts';
import { simulateErrors } from './errors/simulate.ts';
import { spokenValues } from './errors/spoken-values.ts';
import { packageErrors } from './errors/packages.ts';
import { repairErrors } from './errors/repair.ts';
import { remoteErrors } from './errors/remote.ts';
import { rotationErrors } from './errors/rotation.ts';
import { serverListErrors } from './errors/server-lists.ts';
import { storeErrors } from './errors/store.ts';
import { trustErrors } from './errors/trust.ts';
import { tunnelErrors } from './errors/tunnel.ts';
import { valueName } from './errors/value-names.ts';
import { verificationErrors } from './errors/verification.ts';
import type { Language } from './language.ts';

/** Every refusal of the program: code → HTTP status, words and hint in both languages. */
export const ERRORS = {
  ...generalErrors,
  ...trustErrors,
  ...groupErrors,
  ...certificateErrors,
  ...tunnelErrors,
  ...namesErrors,
  ...applicationErrors,
  ...pkiErrors,
  ...storeErrors,
  ...legacyErrors,
  ...mediaErrors,
  ...agentErrors,
  ...apiErrors,
  ...protectionErrors,
  ...auditErrors,
  ...cliErrors,
  ...remoteErrors,
  ...accessErrors,
  ...accountErrors,
  ...simulateErrors,
  ...serverListErrors,
  ...packageErrors,
  ...repairErrors,
  ...verificationErrors,
  ...rotationErrors,
} as const;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorParams = Readonly<Record<string, string | number>>;

/** What a rule says when it refuses: the same code, words and hint for API, CLI and console. */
export interface Refusal {
  readonly allow: false;
  readonly code: ErrorCode;
  readonly params: ErrorParams;
}

/** The one error class. Branch on `code`, never on the message; the cause is kept for logs. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly params: ErrorParams;

  constructor(code: ErrorCode, params: ErrorParams = {}, options?: { cause?: unknown }) {
    super(`${code}: ${errorWords(code, params, 'en').words}`, options);
    this.name = 'AppError';
    this.code = code;
    this.params = params;
  }

  /** HTTP status of this refusal. */
  get status(): number {
    return ERRORS[this.code].status;
  }
}

/**
 * Words and hint of a code with its parameters filled in, the thing that it names (`what`) by its noun. Members of closed lists are said in
 * the words of the language, and repeated as they are typed in the hint.
 */
export function errorWords(
  code: ErrorCode,
  params: ErrorParams,
  language: Language,
): { words: string; hint: string } {
  const entry = ERRORS[code][language];
  const told = withNoun(language, params);
  return { words: fill(entry.words, spokenValues(code, told, language)), hint: fill(entry.hint, told) };
}

/** What a code means when it was not given just now: every value by its name, `No space is left on the disk that holds <path>.` */
export function explainError(code: ErrorCode, language: Language): { words: string; hint: string } {
  const entry = ERRORS[code][language];
  const explained = (template: string): string =>
    template.replace(/\{(\w+)\}/g, (_, name: string) => `<${valueName(name, language) ?? name}>`);
  return { words: explained(entry.words), hint: explained(entry.hint) };
}

/** A rule's refusal. */
export const refuse = (code: ErrorCode, params: ErrorParams = {}): Refusal => ({
  allow: false,
  code,
  params,
});

/** True for a text that names a known code (what came over the wire may not). */
export const isErrorCode = (raw: string): raw is ErrorCode => Object.hasOwn(ERRORS, raw);

/** `{name}` in a template becomes the parameter of that name; a missing one shows as `?`. */
export const fill = (template: string, params: ErrorParams): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? '?'));
