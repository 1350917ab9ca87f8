import type { HostId } from '@sekisho/core/ids.ts';
import type { NameOutcome, ReservedName } from '@sekisho/core/rules/naming.ts';
import type { CheckedPeer, PeerCheck, PeerFacts } from '@sekisho/core/rules/peer.ts';
import type { ExplainedCheck } from '@sekisho/core/wire/names.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import type { CertificateRow } from '../certificates/certificate-rows.ts';
import type { MappingRow, PendingRow } from './name-rows.ts';

/** What one side's decision was made from. */
export interface ExplainedFacts {
  readonly peer: PeerFacts;
  readonly about: { readonly id: HostId; readonly name: string };
  /** Canonical. */
  readonly name: string;
  readonly outcome: NameOutcome;
  readonly certificate: Certificate | undefined;
  readonly row: CertificateRow | undefined;
  /** The deciding host's list; `heardOf` false: it never said which one it holds, and this is the newest. */
  readonly crl:
    { readonly number: number; readonly nextUpdateMs: number; readonly heardOf: boolean } | undefined;
  /** F-01 Groups that set what is asked: those of the deciding host for its list, of the other for its names; undefined: the domain did. */
  readonly setBy: { readonly staleCrl: SettingGroup; readonly mapNames: SettingGroup };
  readonly isMedia: boolean;
  readonly mappings: readonly MappingRow[];
  readonly owners: ReadonlyMap<HostId, string>;
  readonly pending: PendingRow | undefined;
  readonly reserved: ReservedName | undefined;
}

type DecidedBy = ExplainedCheck['decidedBy'];
/** The group that set something; undefined: none did. */
export type SettingGroup = ExplainedCheck['decidedBy']['group'];

/** One check with the setting or record that decided it, and the command that would change it (T-36). */
export function explainCheck(checked: CheckedPeer, facts: ExplainedFacts): ExplainedCheck {
  const { check, outcome } = checked;
  const refusal = outcome === 'failed' ? checked.refusal : undefined;
  return {
    check,
    outcome,
    code: refusal?.code ?? null,
    params: {
      ...refusal?.params,
      // people know it by its name
      ...(refusal?.params['host'] === facts.about.id ? { host: facts.about.name } : {}),
    },
    decidedBy: DECIDED_BY[check](facts),
    command: outcome === 'failed' ? (COMMANDS[check](facts) ?? null) : null,
  };
}

const DECIDED_BY: Readonly<Record<PeerCheck, (facts: ExplainedFacts) => DecidedBy>> = {
  protocol: ({ peer }) => ({
    kind: 'protocol',
    name: 'protocol',
    value: peer.legacy === undefined ? 'TLS' : 'legacy',
  }),
  chain: ({ certificate }) => ({
    kind: 'certificate',
    name: 'issuer',
    value: certificate?.authorityKeyId ?? '-',
  }),
  role: ({ isMedia }) => ({ kind: 'record', name: 'media', value: isMedia ? 'on' : 'off' }),
  domain: ({ certificate }) => ({
    kind: 'certificate',
    name: 'spiffe',
    value: certificate?.san.uris[0] ?? '-',
  }),
  dates: ({ certificate }) => ({
    kind: 'certificate',
    name: 'notAfter',
    value: certificate === undefined ? '-' : iso(certificate.notAfterMs),
  }),
  'revocation-list': ({ crl, peer, setBy }) => ({
    kind: crl === undefined ? 'setting' : 'list',
    name: crl === undefined ? 'staleCrl' : 'crl',
    value: crl === undefined ? peer.staleCrl : `${crl.number} ${iso(crl.nextUpdateMs)}`,
    // of a list that is in force nobody asks the setting
    group: crl === undefined || crl.nextUpdateMs <= peer.nowMs ? setBy.staleCrl : undefined,
  }),
  revocation: ({ row }) => ({
    kind: 'record',
    name: 'certificate',
    value: row === undefined ? '-' : row.serial,
  }),
  name: nameDecidedBy,
};

function nameDecidedBy(facts: ExplainedFacts): DecidedBy {
  const { outcome, mappings, about, owners, reserved } = facts;
  const setting = (value: boolean): DecidedBy => ({
    kind: 'setting',
    name: 'mapAutomatically',
    value: value ? 'on' : 'off',
    group: facts.setBy.mapNames,
  });
  const record = (name: string, value: string): DecidedBy => ({ kind: 'record', name, value });
  if (outcome.outcome === 'go-on') {
    if (outcome.because === 'configured') return record('reserved', reserved?.for ?? '-');
    const mine = mappings.find(({ hostId }) => hostId === about.id);
    return record('mapping', mine?.kind ?? outcome.because);
  }
  if (outcome.outcome === 'map') return setting(true);
  if (outcome.outcome === 'refuse') return record('name', facts.name);
  switch (outcome.reason) {
    case 'taken':
    case 'yielded':
      return record('owner', outcome.ownerId === null ? '-' : (owners.get(outcome.ownerId) ?? '-'));
    case 'reserved':
      return record('reserved', reserved?.for ?? '-');
    case 'rejected':
      return record('rejectedBy', facts.pending?.decidedBy ?? '-');
    case 'map-off':
      return setting(false);
    case 'own-word':
    case 'unseen':
    case 'full':
      return record('reason', outcome.reason);
  }
}

const again = ({ about }: Pick<ExplainedFacts, 'about'>): string =>
  `sekisho token create --name again --reissue ${about.name}`;

const COMMANDS: Readonly<Record<PeerCheck, (facts: ExplainedFacts) => string | undefined>> = {
  protocol: ({ peer }) => {
    if (typeof peer.legacy !== 'object') return undefined;
    switch (peer.legacy.code) {
      case 'INSECURE_COMMUNICATION_OFF':
        return 'sekisho security set --insecure-communication on';
      case 'LEGACY_DOWNGRADE':
        return `sekisho host reset ${peer.legacy.params['host']}`;
      default:
        return undefined;
    }
  },
  chain: again,
  role: ({ about, isMedia }) => (isMedia ? again({ about }) : `sekisho host media ${about.name} on`),
  domain: again,
  dates: again,
  'revocation-list': ({ setBy: { staleCrl } }) =>
    staleCrl === undefined
      ? 'sekisho security set --stale-crl open'
      : `sekisho group set ${shellWord(staleCrl.path.join('/'))} stale-crl=open`,
  revocation: again,
  name: (facts) => {
    const { outcome, name, about, pending } = facts;
    // no host is called so: only an endpoint says whose it is
    if (outcome.outcome === 'refuse')
      return outcome.code === 'HOST_NAME_RESERVED'
        ? `sekisho host media ${about.name} on --endpoint ${endpointOf(name)}`
        : undefined;
    if (outcome.outcome !== 'pend') return undefined;
    const verb = pending?.state === 'pending' ? 'approve' : 'add';
    const way = outcome.reason === 'taken' ? ' --move' : '';
    return `sekisho mapping ${verb} ${name} --host ${about.name}${way}`;
  },
};

const endpointOf = (address: string): string =>
  `${address.includes(':') ? `[${address}]` : address}:${MEDIA_PORT}`;
/** Where a media server listens unless it was told otherwise. */
const MEDIA_PORT = 13002;

const shellWord = (word: string): string =>
  /^[\p{L}\p{N}/._-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

const iso = (atMs: number): string => new Date(atMs).toISOString();
