import type { packageNouns as nouns, packages as words, packageVerbs as verbs } from '../en/packages.ts';

const data = '管理サーバーのデータフォルダー';
const minimumVersion = 'このバージョン以降の上にだけインストールできる';
const file = 'npm run package:deb で作成した Debian パッケージ';

export const packageNouns: typeof nouns = { package: 'エージェント用の署名付きインストールパッケージ' };

export const packageVerbs: typeof verbs = {
  'package sign': {
    summary: 'インストールパッケージに署名する (ホストには手動でコピーする)',
    args: { file },
    flags: { data, minimumVersion },
    examples: { plain: '署名はファイルの隣に書き込まれる' },
  },
  'package publish': {
    summary: 'インストールパッケージに署名し、要求したエージェントに配布する',
    args: { file },
    flags: { data, minimumVersion },
    examples: { plain: 'ドメインの各管理サーバーで実行する' },
  },
  'package list': {
    summary: '署名済みのインストールパッケージを一覧表示する',
    args: {},
    flags: { data },
    examples: { plain: 'エージェントが受け取るバージョンを確認する' },
  },
};

export const packages: typeof words = {
  version: 'バージョン',
  platform: 'プラットフォーム',
  file: 'ファイル',
  sha256: 'SHA-256',
  published: '公開',
  signedAt: '署名日時',
  none: '署名済みのインストールパッケージはありません。',
  signed: '{file} に署名しました: バージョン {version}、SHA-256 {sha256}',
  carry:
    '{file} と {signature} をホストの同じフォルダーにコピーし、root として実行してください: sekisho agent upgrade --package {file}',
  publishedNow: '{file} を公開しました: {platform} 用バージョン {version}',
  fetch: 'ホストでのインストール: sudo sekisho agent upgrade --from-server',
  verified: '検証しました: バージョン {version} (このドメインの署名)。インストール済みは {installed} です。',
  installed: 'バージョン {installed} に代えて {version} をインストールしました。',
};
