import type { Language } from '../language.ts';
import { en, type Words } from '../words/en.ts';
import { ja } from '../words/ja.ts';

type Spoken = Readonly<Record<string, string>>;
type Said = (words: Words, language: Language) => Spoken;

const rotationKind: Said = ({ rotations }) => rotations.kinds;
const rotationPhase: Said = ({ rotations }) => rotations.phases;
const jobState: Said = ({ states }) => states.job;
const either =
  (table: Readonly<Record<string, Readonly<Record<Language, string>>>>): Said =>
  (_words, language) =>
    Object.fromEntries(Object.entries(table).map(([value, said]) => [value, said[language]]));

const keyRole = either({
  root: { en: 'root CA', ja: 'ルート CA' },
  issuing: { en: 'issuing CA', ja: '発行 CA' },
  'server-tls': { en: 'TLS certificate', ja: 'TLS 証明書' },
  'document-signer': { en: 'signing certificate', ja: '署名証明書' },
  'server-host': { en: 'host certificate of the server', ja: 'サーバー自身のホスト証明書' },
  'ocsp-signer': { en: 'OCSP certificate', ja: 'OCSP 証明書' },
});
const peerRole = either({
  'host-client': { en: 'host', ja: 'ホスト' },
  'host-media': { en: 'media server', ja: 'メディアサーバー' },
  server: { en: 'management server', ja: '管理サーバー' },
  'document-signer': { en: 'document signer', ja: '文書の署名者' },
});
const packagePart = either({
  bundle: { en: 'trust bundle', ja: 'トラストバンドル' },
  list: { en: 'management server list', ja: '管理サーバーリスト' },
  package: { en: 'outer document', ja: '外側の文書' },
});
const documentType = either({
  assignment: { en: 'assignment', ja: '割り当て文書' },
  policy: { en: 'policy', ja: 'ポリシー' },
  list: { en: 'management server list', ja: '管理サーバーリスト' },
});
const dialect = either({
  sqlite: { en: 'SQLite', ja: 'SQLite' },
  postgres: { en: 'PostgreSQL', ja: 'PostgreSQL' },
});
const planCommand = either({
  pre: { en: 'pre-backup', ja: 'バックアップ前' },
  post: { en: 'post-backup', ja: 'バックアップ後' },
});

/** code → value → how its members are said. A code whose words print a member of a closed list stands here; a test asks for it. */
const SPOKEN: Readonly<Record<string, Readonly<Record<string, Said>>>> = {
  ROTATION_UNDER_WAY: { kind: rotationKind },
  ROTATION_PATH_UNFIT: { kind: rotationKind, path: ({ rotations }) => rotations.pathNames },
  ROTATION_ENDED: { phase: rotationPhase },
  ROTATION_NO_WAY_BACK: { phase: rotationPhase },
  ROTATION_KEY_DAMAGED: { role: keyRole },
  KEY_DETACHED: { role: keyRole },
  PEER_ROLE_WRONG: { role: peerRole },
  TOKEN_REQUIRED: { level: ({ states }) => states.level },
  JOB_ENDED: { state: jobState },
  JOB_RETRY_RUNNING: { state: jobState },
  JOB_RETRY_KIND: { kind: ({ states }) => states.jobKind },
  DEMO_JOB_FAILED: { state: jobState },
  COMMAND_FAILED: { which: planCommand },
  REPAIR_SIGNATURE_INVALID: { part: packagePart },
  REPAIR_OLDER: { part: packagePart },
  REPAIR_FORK: { part: packagePart },
  DOCUMENT_FOR_OTHERS: { type: documentType },
  DATABASE_MOVE_SOURCE: { actual: dialect, given: dialect },
};

/** Remarks that come as the `detail` of a refusal and that people meet: English in the code, where they are also read by programs. */
const DETAILS_IN_JAPANESE: Spoken = {
  'no PEM block CERTIFICATE': 'PEM ブロック「CERTIFICATE」がありません',
  'no certificate is in it': '証明書が含まれていません',
  'the text is too long': 'テキストが長すぎます',
  'a PEM block does not end': 'PEM ブロックが途中で切れています',
  'too many PEM blocks': 'PEM ブロックが多すぎます',
  'too many certificates': '証明書が多すぎます',
  'it is not base64': 'base64 ではありません',
  'an element is cut off': '途中で切れています',
  'a length is cut off': '途中で切れています',
  'trailing bytes': '末尾に余分なデータがあります',
  'a PKCS#12 file expected': 'PKCS#12 ファイルではありません',
  'the certificate cannot be read': '証明書を読み取れません',
  'the certificate is another one than was stored': '保存したものとは別の証明書です',
  'the private key cannot be read, or belongs to another certificate':
    '秘密鍵を読み取れないか、別の証明書の鍵です',
  'dpkg-deb does not read it': 'dpkg-deb で読み取れません',
  'it is the package of another program': '別のプログラムのパッケージです',
  'it is for another kind of machine': '対応していない種類のマシン用です',
  'it cannot be read to its end': '最後まで読み取れません',
  'time limit': '制限時間を超過',
};

/** The values of a refusal as its words say them. Hints take them as they are: there they stand in commands that people type. */
export function spokenValues(
  code: string,
  params: Readonly<Record<string, string | number>>,
  language: Language,
): Readonly<Record<string, string | number>> {
  const detail = language === 'ja' ? DETAILS_IN_JAPANESE[String(params['detail'])] : undefined;
  const said = SPOKEN[code];
  if (said === undefined && detail === undefined) return params;
  const words = language === 'ja' ? ja : en;
  const spoken = Object.entries(said ?? {}).map(([name, members]) => {
    const value = params[name] ?? '?';
    return [name, members(words, language)[value] ?? value] as const;
  });
  return { ...params, ...(detail === undefined ? {} : { detail }), ...Object.fromEntries(spoken) };
}

/** How the members of a code's value are said; undefined when its words repeat them as they are. */
export const spokenMembers = (code: string, name: string, language: Language): Spoken | undefined =>
  SPOKEN[code]?.[name]?.(language === 'ja' ? ja : en, language);
