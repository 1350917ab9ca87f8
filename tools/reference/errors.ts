import { ERRORS } from '@sekisho/core/errors.ts';
import type { ErrorEntry } from '@sekisho/core/errors/table.ts';
import { accessErrors } from '@sekisho/core/errors/access.ts';
import { accountErrors } from '@sekisho/core/errors/accounts.ts';
import { auditErrors } from '@sekisho/core/errors/audit.ts';
import { agentErrors } from '@sekisho/core/errors/agent.ts';
import { apiErrors } from '@sekisho/core/errors/api.ts';
import { applicationErrors } from '@sekisho/core/errors/applications.ts';
import { certificateErrors } from '@sekisho/core/errors/certificates.ts';
import { cliErrors } from '@sekisho/core/errors/cli.ts';
import { generalErrors } from '@sekisho/core/errors/general.ts';
import { groupErrors } from '@sekisho/core/errors/groups.ts';
import { legacyErrors } from '@sekisho/core/errors/legacy.ts';
import { mediaErrors } from '@sekisho/core/errors/media.ts';
import { namesErrors } from '@sekisho/core/errors/names.ts';
import { packageErrors } from '@sekisho/core/errors/packages.ts';
import { pkiErrors } from '@sekisho/core/errors/pki.ts';
import { protectionErrors } from '@sekisho/core/errors/protection.ts';
import { remoteErrors } from '@sekisho/core/errors/remote.ts';
import { repairErrors } from '@sekisho/core/errors/repair.ts';
import { rotationErrors } from '@sekisho/core/errors/rotation.ts';
import { serverListErrors } from '@sekisho/core/errors/server-lists.ts';
import { simulateErrors } from '@sekisho/core/errors/simulate.ts';
import { storeErrors } from '@sekisho/core/errors/store.ts';
import { trustErrors } from '@sekisho/core/errors/trust.ts';
import { tunnelErrors } from '@sekisho/core/errors/tunnel.ts';
import { verificationErrors } from '@sekisho/core/errors/verification.ts';
import { printedNote, type Page } from './page.ts';

type Language = 'en' | 'ja';
const AREAS: readonly { table: Readonly<Record<string, ErrorEntry>>; en: string; ja: string }[] = [
  { table: generalErrors, en: 'General', ja: '全般' },
  {
    table: trustErrors,
    en: 'Trust: certificates, tokens, security',
    ja: '信頼: 証明書、トークン、セキュリティ',
  },
  {
    table: pkiErrors,
    en: 'Certificates, revocation lists, signed documents',
    ja: '証明書、証明書失効リスト、署名付き文書',
  },
  {
    table: certificateErrors,
    en: 'Renewal, manual deployment, clusters',
    ja: '証明書の更新、手動での配備、クラスター',
  },
  { table: namesErrors, en: 'Names of hosts', ja: 'ホストの名前' },
  { table: tunnelErrors, en: 'Hosts in a DMZ', ja: 'DMZ のホスト' },
  { table: legacyErrors, en: 'Legacy hosts', ja: 'レガシーホスト' },
  { table: groupErrors, en: 'Groups and their settings', ja: 'グループとその設定' },
  { table: serverListErrors, en: 'Management server lists', ja: '管理サーバーリスト' },
  { table: rotationErrors, en: 'Certificate updates', ja: '証明書の更新操作' },
  { table: verificationErrors, en: 'Secure communication off and on', ja: 'セキュア通信のオフとオン' },
  { table: repairErrors, en: 'Communication packages', ja: '通信パッケージ' },
  { table: packageErrors, en: 'Install packages', ja: 'インストールパッケージ' },
  { table: applicationErrors, en: 'Applications', ja: 'アプリケーション' },
  { table: accountErrors, en: 'Administrators and signing in', ja: '管理者とサインイン' },
  {
    table: accessErrors,
    en: 'API keys, single sign-on, passkeys, groups',
    ja: 'API キー、シングルサインオン、パスキー、グループ',
  },
  { table: agentErrors, en: 'Agent', ja: 'エージェント' },
  { table: mediaErrors, en: 'Media server', ja: 'メディアサーバー' },
  {
    table: protectionErrors,
    en: 'Plans, jobs, recovery points, restore',
    ja: 'プラン、ジョブ、復旧ポイント、リストア',
  },
  { table: storeErrors, en: 'Database and data folder', ja: 'データベースとデータフォルダー' },
  { table: auditErrors, en: 'Audit log', ja: '監査ログ' },
  { table: apiErrors, en: 'API', ja: 'API' },
  {
    table: remoteErrors,
    en: 'Administering from another machine',
    ja: '別のマシンからの管理',
  },
  { table: simulateErrors, en: 'Simulation', ja: 'シミュレーション' },
  { table: cliErrors, en: 'Command line', ja: 'コマンドライン' },
];
const WORDS = {
  en: {
    title: '# Error codes',
    intro: `Every refusal has a code that stays the same, words and a hint. \`{name}\` stands for a value. There are ${Object.keys(ERRORS).length} codes.`,
    mend: 'What to do',
    status: 'HTTP status',
  },
  ja: {
    title: '# エラーコード',
    intro: `拒否には、変わらないコード、説明、ヒントが必ず付きます。\`{name}\` は値に置き換わります。コードは ${Object.keys(ERRORS).length} 件あります。`,
    mend: '対処',
    status: 'HTTP ステータス',
  },
} as const;

/** All error codes with words and hint, one page per language, in the same order. */
export const errorPages = (): Page[] =>
  (['en', 'ja'] as const).map((language) => ({
    path: `docs/reference/errors.${language}.md`,
    text:
      [
        WORDS[language].title,
        printedNote(language),
        WORDS[language].intro,
        ...AREAS.flatMap((area) => section(area, language)),
      ].join('\n\n') + '\n',
  }));

const section = (area: (typeof AREAS)[number], language: Language): string[] =>
  Object.keys(area.table).length === 0
    ? []
    : [
        `## ${area[language]}`,
        ...Object.entries(area.table)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([code, entry]) => oneError(code, entry, language)),
      ];

const oneError = (code: string, entry: ErrorEntry, language: Language): string =>
  [
    `### ${code}`,
    '',
    entry[language].words,
    '',
    `- ${WORDS[language].mend}: ${entry[language].hint}`,
    `- ${WORDS[language].status}: ${entry.status}`,
  ].join('\n');
