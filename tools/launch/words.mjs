// What the launcher says, in English and Japanese. The program's own words are in packages/core; they can't be loaded here.
export const WORDS = {
  en: {
    error: 'error',
    hint: 'hint',
    installingPackages: 'Installing the npm packages that package-lock.json names …',
    waiting: 'Another run is installing (process {pid}); waiting …',
    installingTools: 'Installing from the system packages: {packages} …',
    leftBehind: 'Ended {count} process(es) that the run had left: {names}',
    targetUnknown: ['There is no script "{name}".', 'Known: {known}'],
    nodeTooOld: [
      'Node {version} is too old to start this.',
      'Install Node 20 or newer ({least} is the least that starts).',
    ],
    npmMissing: ['npm was not found.', 'Install npm (it comes with Node), then run the same command again.'],
    npmFailed: [
      'npm ci ended with {status}; its own message stands above.',
      'Check the network and the free space, then run: cd {root} && npm ci',
    ],
    notWritable: [
      'The folder {path} is not writable for this user.',
      'Give it to this user, or work in a clone of your own.',
    ],
    waitedTooLong: [
      'Another run has been installing for {minutes} minutes.',
      'End process {pid} if it hangs; or remove {path} if it is gone.',
    ],
    pinnedNodeMissing: [
      'The pinned Node {version} does not run on this machine ({platform}), and Node {own} is older than {least}.',
      'Install Node {least} or newer and run the same command again.',
    ],
    toolsMissing: [
      'Missing on this machine: {tools}.',
      'Run this, then the same command again:\n  {command}',
    ],
    toolsMissingNoApt: [
      'Missing on this machine: {tools}.',
      'There is no apt-get here: install them with the package manager of your system, then run the same command again.',
    ],
    toolsFailed: ['apt-get could not install {tools}:\n{output}', 'Mend that, or run by hand:\n  {command}'],
    scriptMissing: ['The file {script} is missing in this checkout.', 'Restore it: git checkout -- {script}'],
  },
  ja: {
    error: 'error',
    hint: 'hint',
    installingPackages: 'package-lock.json に記載された npm パッケージをインストールしています …',
    waiting: '別の実行がインストール中です (プロセス {pid})。終わるまで待ちます …',
    installingTools: 'システムのパッケージからインストールしています: {packages} …',
    leftBehind: '残っていたプロセスを {count} 個終了しました: {names}',
    targetUnknown: ['スクリプト「{name}」はありません。', '使用できる名前: {known}'],
    nodeTooOld: [
      'Node {version} は古いため起動できません。',
      'Node 20 以降をインストールしてください (最低 {least})。',
    ],
    npmMissing: [
      'npm が見つかりません。',
      'npm (Node に付属) をインストールして、同じコマンドをもう一度実行してください。',
    ],
    npmFailed: [
      'npm ci が {status} で終了しました。詳細は上のメッセージのとおりです。',
      'ネットワークと空き容量を確認してから実行してください: cd {root} && npm ci',
    ],
    notWritable: [
      'フォルダー {path} にこのユーザーは書き込めません。',
      'このユーザーに所有権を与えるか、自分のクローンで作業してください。',
    ],
    waitedTooLong: [
      '別の実行が {minutes} 分以上インストールを続けています。',
      '停止している場合はプロセス {pid} を終了し、すでに無い場合は {path} を削除してください。',
    ],
    pinnedNodeMissing: [
      '固定版の Node {version} はこのマシン ({platform}) で動作せず、手元の Node {own} は {least} より古いものです。',
      'Node {least} 以降をインストールして、同じコマンドをもう一度実行してください。',
    ],
    toolsMissing: [
      'このマシンに不足しているもの: {tools}',
      '次を実行してから、同じコマンドをもう一度実行してください:\n  {command}',
    ],
    toolsMissingNoApt: [
      'このマシンに不足しているもの: {tools}',
      'apt-get がありません。お使いのシステムのパッケージ管理でインストールしてから、同じコマンドをもう一度実行してください。',
    ],
    toolsFailed: [
      'apt-get で {tools} をインストールできませんでした:\n{output}',
      '原因を取り除くか、手で実行してください:\n  {command}',
    ],
    scriptMissing: [
      'このチェックアウトにファイル {script} がありません。',
      '元に戻してください: git checkout -- {script}',
    ],
  },
};

/** A refusal of the launcher: printed with its hint, exit code 1. */
export class Stop extends Error {
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}

/** Stops with the named words. */
export function fail(key, params = {}) {
  const [message, hint] = table()[key];
  throw new Stop(fill(message, params), fill(hint, params));
}

/** One line in the caller's language. */
export const words = (key, params = {}) => fill(table()[key], params);

/** Says on standard error what is being done: standard output belongs to the script that is started. */
export const say = (key, params = {}) => {
  process.stderr.write(`sekisho: ${words(key, params)}\n`);
};

function table() {
  const locale = process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '';
  return /^ja(_|-|\.|$)/i.test(locale) ? WORDS.ja : WORDS.en;
}

const fill = (template, params) => template.replace(/\{(\w+)\}/g, (_, name) => String(params[name] ?? '?'));
